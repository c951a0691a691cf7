"""Types that have nothing to do on one machine: accepted by name, logged, and that is all.

They watch, bill or describe; leaving them out changes nothing that a deployed service does here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.cloudformation.contracts import Deployed

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties

_log = logging.getLogger(__name__)

NO_OPS = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "one process stands for all instances here",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "one process stands for all instances here",
    "AWS::ApplicationInsights::Application": "nothing is monitored here",
    "AWS::Budgets::Budget": "nothing costs anything here",
    "AWS::CDK::Metadata": "it describes the template",
    "AWS::CloudFormation::WaitConditionHandle": "nobody signals here",
    "AWS::CloudWatch::Alarm": "no alarm is evaluated here",
    "AWS::CloudWatch::AnomalyDetector": "no alarm is evaluated here",
    "AWS::CloudWatch::CompositeAlarm": "no alarm is evaluated here",
    "AWS::CloudWatch::Dashboard": "there is no CloudWatch console here",
    "AWS::Logs::MetricFilter": "no metric is derived from logs here",
    "AWS::Logs::QueryDefinition": "there is no Logs Insights here",
    "AWS::ResourceGroups::Group": "it groups what exists anyway",
    "AWS::XRay::Group": "no trace is collected here",
    "AWS::XRay::SamplingRule": "no trace is collected here",
}


@dataclass(frozen=True, slots=True)
class NoOp:
    """Stands for a type in the table above."""

    name: str
    replaced_by: frozenset[str] = frozenset()
    name_property: str = ""

    def create(self, place: Place, _properties: Properties) -> Deployed:
        """Say that nothing is created."""
        _log.warning(
            "%s of stack %s: %s is accepted and does nothing: %s",
            place.logical_id,
            place.stack_name,
            self.name,
            NO_OPS[self.name],
        )
        identity = place.generated_name()
        arn = f"arn:aws:none:{place.region}:{place.account_id}:{identity}"
        return Deployed(identity, {"Arn": arn})

    def update(self, _place: Place, deployed: Deployed, _old: Properties, _new: Properties) -> Deployed:
        """Nothing is there to change."""
        return deployed

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        """Nothing is there to delete."""
