"""AWS::SNS::TopicPolicy. Topics and subscriptions themselves are moto's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local_emulator.aws.cloudformation.contracts import Deployed

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties


class TopicPolicy:
    """One policy on several topics."""

    name = "AWS::SNS::TopicPolicy"
    replaced_by: frozenset[str] = frozenset()
    name_property = ""

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Put the policy on every topic."""
        self._put(place, properties)
        return Deployed(place.generated_name(), {"Id": place.generated_name()})

    def update(self, place: Place, deployed: Deployed, _: Properties, new: Properties) -> Deployed:
        """Put the new policy on every topic; a topic keeps the last one when it leaves the list."""
        self._put(place, new)
        return deployed

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        """Leave the topics their policy: a topic always has one, and here nothing enforces it."""

    def _put(self, place: Place, properties: Properties) -> None:
        policy = json.dumps(properties["PolicyDocument"])
        for topic in properties["Topics"]:
            place.client("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=policy
            )
