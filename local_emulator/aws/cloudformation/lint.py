"""cfn-lint's findings that CloudFormation itself would refuse a template for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def errors_only(findings: Iterable[Any]) -> list[Any]:
    """Keep errors (E…): warnings and informational findings are advice, and AWS takes such templates."""
    return [finding for finding in findings if finding.rule.id.startswith("E")]
