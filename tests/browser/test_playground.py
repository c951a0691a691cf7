"""The playground in a real browser: fill in, predict, choose another model, be told what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_form_is_filled_in_and_answered(page: Page, playground: str) -> None:
    page.goto(playground)
    expect(page.get_by_label("sepal length")).not_to_have_value("")
    page.get_by_label("sepal length").fill("6.1")
    page.get_by_role("button", name="Predict").click()
    answer = page.get_by_role("status")
    expect(answer).to_contain_text("Status 200")
    expect(answer).to_contain_text("setosa")


def test_it_works_by_keyboard_alone(page: Page, playground: str) -> None:
    page.goto(playground)
    page.get_by_label("petal width").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Status 200")


def test_what_is_wrong_is_said_where(page: Page, playground: str) -> None:
    page.goto(playground)
    page.get_by_label("sepal width").fill("wide")
    page.get_by_role("button", name="Predict").click()
    answer = page.get_by_role("status")
    expect(answer).to_contain_text("Status 422")
    expect(answer).to_contain_text("rows[0]")


def test_another_model_brings_its_own_form_and_answers(page: Page, playground: str) -> None:
    page.goto(playground)
    page.get_by_label("Model").select_option(label="mixed, version 1")
    expect(page.get_by_label("city")).to_be_visible()
    expect(page.get_by_label("sepal length")).to_have_count(0)
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("status")).to_contain_text("score")


def test_the_request_itself_can_be_written(page: Page, playground: str) -> None:
    page.goto(playground)
    page.get_by_text("Request body").click()
    page.get_by_label("JSON for").fill('{"rows": [[1, 2, 3]]}')
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("status")).to_contain_text("Status 422")
