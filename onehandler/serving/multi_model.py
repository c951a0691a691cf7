"""SageMaker's multi-model contract: the platform says which models are in memory, one by one.

GET    /models              {"models": [{"modelName": …, "modelUrl": …}], "nextPageToken": …}
POST   /models              {"model_name": …, "url": folder of the unpacked model}: 409 loaded already, 507 no room
GET    /models/NAME         {"modelName": …, "modelUrl": …}
DELETE /models/NAME
POST   /models/NAME/invoke  as /invocations of that model

https://docs.aws.amazon.com/sagemaker/latest/dg/mms-container-apis.html

One worker has them all: a request to load would reach only one of several. What it has is written down, so that a
worker that takes the place of one that died loads the same again.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from onehandler.errors import InvalidInput, MethodNotAllowed, NotFound, OnehandlerError, shown
from onehandler.message import Request, Response
from onehandler.models.layout import Layout, Source
from onehandler.models.repository import Models
from onehandler.protocols import problem
from onehandler.protocols.content import json_body, json_response

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from onehandler.settings import Settings

    Endpoint: TypeAlias = Callable[[Request], Response]

_PAGE = 100  # models of a list
_LONGEST = 1024  # characters of a name


class MultiModel:
    """Answers for a platform that loads and unloads models. `written` is where it writes down what it has.

    Models lie below `root`; no other folder is loaded, whoever asks.
    """

    def __init__(self, settings: Settings, root: Path, written: Path) -> None:
        self.models = Models(Layout({}, ""), settings)
        self._root = root
        self._written = written
        self._urls: dict[str, str] = {}
        self._changing = Lock()  # what is in memory, and what is written of it
        for name, url in self._were_loaded().items():
            try:
                self._load(name, url)
            except OnehandlerError as error:
                self.models.telemetry.log("ERROR", f"a model is not loaded again: {error}", {"model": name})

    def answer(self, request: Request) -> Response:
        """Answer any request; never raises."""
        if request.path != "/models" and not request.path.startswith("/models/"):
            return self.models.answer(request)
        try:
            return self._answered(request)
        except OnehandlerError as error:
            response = problem.refuse(error)
            self.models.telemetry.refused(error, response.status)
        except Exception as error:  # noqa: BLE001 - the last line of defence, as in protocols.answering
            response = problem.internal(request.request_id)
            self.models.telemetry.failed(error, request.request_id)
        return response

    def _answered(self, request: Request) -> Response:
        name = request.path.removeprefix("/models").removeprefix("/")
        methods: dict[str, Endpoint]
        if not name:
            methods = {"GET": self._list, "POST": self._add}
        elif name.endswith("/invoke"):
            return self._invoke(request, name.removesuffix("/invoke"))
        else:
            methods = {"GET": lambda _: self._describe(name), "DELETE": lambda _: self._remove(name)}
        endpoint = methods.get(request.method)
        if endpoint is None:
            raise _refused(tuple(methods))
        return endpoint(request)

    def _list(self, request: Request) -> Response:
        start = _page(request.query)
        told = [_told(name, url) for name, url in list(self._urls.items())]  # another thread may load one now
        page: dict[str, Any] = {"models": told[start : start + _PAGE]}
        if start + _PAGE < len(told):
            page["nextPageToken"] = str(start + _PAGE)
        return json_response(page)

    def _add(self, request: Request) -> Response:
        body = json_body(request, self.models.settings.max_body)
        name, url = (_text(body, member) for member in ("model_name", "url"))
        with self._changing:
            self._load(name, url)
            self._write_down()
        return json_response(_told(name, url))

    def _describe(self, name: str) -> Response:
        url = self._urls.get(name)
        if url is None:
            raise NotFound("no such model is loaded; POST /models loads one")
        return json_response(_told(name, url))

    def _remove(self, name: str) -> Response:
        with self._changing:
            self.models.remove(name)
            url = self._urls.pop(name)
            self._write_down()
        return json_response(_told(name, url))

    def _invoke(self, request: Request, name: str) -> Response:
        if request.method != "POST":
            raise _refused(("POST",))
        model = self.models.model(name)
        moved = Request(
            "POST", "/invocations", request.headers, request.body, request.query, request.request_id
        )
        return self.models.handler(model, model.default).answer(moved)

    def _load(self, name: str, url: str) -> None:
        source = Source(str(self._bundle_at(url)), any_name=True)
        self.models.add(name, source, evict=False)
        self._urls[name] = url

    def _bundle_at(self, url: str) -> Path:
        """The bundle in the folder that a URL names, or in the only folder within."""
        try:
            found = _bundles_in(Path(url.removeprefix("file://")), self._root)
        except (OSError, ValueError):  # a name that is too long, a link to itself, a zero byte
            raise InvalidInput("is no path of a folder here", where="url") from None
        if len(found) != 1:
            raise InvalidInput(f"has {len(found)} bundles in it, not one", where="url")
        return found[0]

    def _were_loaded(self) -> dict[str, str]:
        if not self._written.exists():
            return {}
        found: dict[str, str] = json.loads(self._written.read_text())
        return found

    def _write_down(self) -> None:
        partial = self._written.with_suffix(".partial")
        partial.write_text(json.dumps(self._urls))
        partial.replace(self._written)


def _bundles_in(folder: Path, root: Path) -> list[Path]:
    """Folders with a bundle: the folder itself, and those in it. InvalidInput when it isn't below the root."""
    folder = Path(os.path.realpath(folder))  # Path.resolve raises for a loop of links before Python 3.13
    if not folder.is_relative_to(root.resolve()):
        raise InvalidInput(f"must be a folder below {root}", where="url")
    manifests = (folder / "bundle.json", *folder.glob("*/bundle.json"))
    return [manifest.parent for manifest in manifests if manifest.is_file()]


def _told(name: str, url: str) -> dict[str, str]:
    return {"modelName": name, "modelUrl": url}


def _refused(allowed: tuple[str, ...]) -> MethodNotAllowed:
    return MethodNotAllowed(f"this path takes {', '.join(allowed)}", allowed=allowed)


def _text(body: Any, member: str) -> str:
    value = body.get(member) if isinstance(body, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise InvalidInput(f"must be a text of 1 to {_LONGEST} characters, {shown(value)} came", where=member)
    return value


def _page(query: str) -> int:
    """Where a page begins, by the token that the page before it gave."""
    from urllib.parse import parse_qs  # lists are asked for rarely

    token = parse_qs(query).get("next_page_token", ["0"])[-1]
    if not (token.isascii() and token.isdecimal() and len(token) < 10):
        raise InvalidInput("is none that was given by a list before", where="query next_page_token")
    return int(token)
