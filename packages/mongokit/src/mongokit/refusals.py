"""What a server says of a document that a collection's validator refuses, as paths and what is accepted there.

The answer is nested as the schema is: https://www.mongodb.com/docs/manual/core/schema-validation/handle-invalid-documents/
describes it. Servers before MongoDB 5.0 give none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mongokit.errors import shortened

__all__ = ["Reason", "reasons"]

Reason = tuple[str, str]
"""A dotted path, and what is wrong there."""


def reasons(answer: Mapping[str, Any] | None) -> list[Reason]:
    """Return what an error's ``details`` say, in the order in which they say it; none where they do not."""
    info = (answer or {}).get("errInfo")
    details = info.get("details") if isinstance(info, Mapping) else None
    return list(dict.fromkeys(_of(details, ""))) if isinstance(details, Mapping) else []


def _of(rule: Mapping[str, Any], path: str) -> Iterator[Reason]:
    """Yield the reasons in one rule that is not satisfied, or in what it consists of."""
    for name in ("propertyName", "failingProperty", "itemIndex"):
        if name in rule:
            path = f"{path}.{rule[name]}" if path else str(rule[name])
    inner = [
        each
        for name in ("schemaRulesNotSatisfied", "propertiesNotSatisfied", "details")
        for each in _rules(rule, name)
    ]
    if inner:
        for each in inner:
            yield from _of(each, path)
        return
    alternatives = _rules(rule, "schemasNotSatisfied")
    if alternatives:
        is_choice = rule.get("operatorName") != "allOf"
        for each in alternatives:
            which = f"alternative {each.get('index', 0) + 1}: " if is_choice else ""
            yield from ((place, which + text) for place, text in _of(each, path))
        return
    yield from _said(rule, path)


def _rules(rule: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = rule.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _said(rule: Mapping[str, Any], path: str) -> Iterator[Reason]:
    """Yield what a rule says that consists of no others."""
    below = f"{path}." if path else ""
    for name, text in (
        ("missingProperties", "is missing"),
        ("additionalProperties", "is no field of the schema"),
    ):
        found = rule.get(name)
        if isinstance(found, list):
            yield from ((f"{below}{each}", text) for each in found)
            return
    operator = rule.get("operatorName")
    if operator is None:
        return
    specified = rule.get("specifiedAs")
    wanted = specified.get(operator) if isinstance(specified, Mapping) else None
    value = f"{shortened(rule['consideredValue'])} is refused" if "consideredValue" in rule else "is refused"
    if wanted is None:
        yield path, f"{value} by {operator}: {rule.get('reason', 'no reason given')}"
    else:
        choices = ", ".join(map(str, wanted)) if isinstance(wanted, list) else wanted
        yield (
            path,
            f"{value}; accepted is {operator} {shortened(choices) if isinstance(wanted, Mapping) else choices}",
        )
