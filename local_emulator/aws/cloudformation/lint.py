"""cfn-lint's findings that CloudFormation itself would refuse a template for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def errors_only(findings: Iterable[Any]) -> list[Any]:
    """Keep errors (E…): warnings and informational findings are advice, and AWS takes such templates."""
    return [finding for finding in findings if finding.rule.id.startswith("E")]


def readable_by_lint(template: str) -> str:
    """Write escaped characters out: cfn-lint's reader is a YAML reader, which refuses surrogate pairs."""
    if not template.lstrip().startswith("{"):
        return template
    return json.dumps(json.loads(template), ensure_ascii=False)
