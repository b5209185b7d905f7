"""What RFC 9110 wants, read character by character and without a thought for speed; shares nothing with what it judges.

Where the RFC leaves a choice, the choice that is made is named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
MOST_RANGES = 16


@dataclass
class Resource:
    """Bytes and entity-tag by content coding; the time of modification, None where it is not told."""

    codings: dict[str, tuple[bytes, str]]
    modified: int | None
    #: Whether two different contents can't have been there within one second.
    strong_date: bool = True


@dataclass
class Expected:
    status: int
    coding: str | None = None
    #: The parts of a 206 as (first, last); of a 200 there is one part, all of it.
    parts: list[tuple[int, int]] | None = None


def expected(resource: Resource, method: str, fields: dict[str, str]) -> Expected:
    if method == "OPTIONS":
        return Expected(204)
    if method not in ("GET", "HEAD"):
        return Expected(405)
    coding = best(resource, fields.get("accept-encoding"))
    if coding is None:
        return Expected(406)
    content, tag = resource.codings[coding]
    failed = precondition(resource.modified, tag, fields)
    if failed:
        return Expected(failed, coding)
    whole = Expected(200, coding)
    if method != "GET" or "range" not in fields:
        return whole
    if "if-range" in fields and not if_range(resource, tag, fields["if-range"]):
        return whole
    wanted = ranges(fields["range"])
    if wanted is None or len(wanted) > MOST_RANGES:
        return whole
    parts = []
    for first, last in wanted:
        if first is None:  # a suffix of `last` bytes
            if last and content:
                parts.append((max(0, len(content) - last), len(content) - 1))
        elif first < len(content):
            parts.append((first, len(content) - 1 if last is None else min(last, len(content) - 1)))
    if not parts:
        # Satisfiable, but no 206 can be made of nothing (14.1.2): the choice is 200.
        if not content and any(first is None and last for first, last in wanted):
            return whole
        return Expected(416, coding)
    # 14.2 lets a server ignore what is wasteful: the choice is more bytes than there are.
    if sum(last - first + 1 for first, last in parts) > len(content):
        return whole
    return Expected(206, coding, parts)


def best(resource: Resource, field: str | None) -> str | None:
    """12.5.3. Choices: without a field, the identity; at equal weight the shortest; identity last if it is not named."""
    if field is None:
        return "identity"
    weights: dict[str, float] = {}
    for member in field.split(","):
        name, weight = coding_and_weight(member.strip(" \t"))
        if name and name not in weights:  # the choice: of two mentions the first
            weights[name] = weight
    ranking = []
    for coding, (content, _) in resource.codings.items():
        if coding in weights:
            weight = weights[coding]
        elif "*" in weights:
            weight = weights["*"]
        else:
            weight = 0.00001 if coding == "identity" else 0.0
        if weight > 0:
            ranking.append((-weight, len(content), coding))
    return min(ranking)[2] if ranking else None


def coding_and_weight(member: str) -> tuple[str, float]:
    name, semicolon, parameter = member.partition(";")
    name = name.rstrip(" \t").lower()
    if not name or any(character not in TOKEN for character in name):
        return "", 0
    if name in ("x-gzip", "x-compress"):
        name = name[2:]
    if not semicolon:
        return name, 1.0
    parameter = parameter.lstrip(" \t")
    if parameter[:2] not in ("q=", "Q="):
        return "", 0
    value = parameter[2:]
    whole, _, digits = value.partition(".")
    if whole not in ("0", "1") or len(digits) > 3 or any(each not in DIGITS for each in digits):
        return "", 0
    if whole == "1" and digits.strip("0"):
        return "", 0
    return name, float(f"{whole}.{digits or '0'}")


def precondition(modified: int | None, tag: str, fields: dict[str, str]) -> int:
    """13.2.2, step by step; 0 to go on."""
    if "if-match" in fields:
        names = tags(fields["if-match"])
        # By strong comparison (8.8.3.2): a weak tag, which begins with W/, is the same as none.
        if names != "*" and (names is None or (False, tag) not in names):
            return 412
    elif "if-unmodified-since" in fields and modified is not None:
        date = http_date(fields["if-unmodified-since"])
        if date is not None and modified > date:
            return 412
    if "if-none-match" in fields:
        names = tags(fields["if-none-match"])
        opaque = tag.removeprefix("W/")
        if names == "*" or (names is not None and opaque in [name for _, name in names]):
            return 304
    elif "if-modified-since" in fields and modified is not None:
        date = http_date(fields["if-modified-since"])
        if date is not None and modified <= date:
            return 304
    return 0


def tags(field: str) -> str | list[tuple[bool, str]] | None:
    """``*``, or the members as (is weak, opaque tag with its quotes); None where the field is no such list (8.8.3)."""
    if field.strip(" \t") == "*":
        return "*"
    found, rest = [], field.lstrip(" \t,")
    if not rest:
        return None
    while rest:
        weak = rest.startswith("W/")
        rest = rest[2:] if weak else rest
        if not rest.startswith('"'):
            return None
        end = rest.find('"', 1)
        if end < 0:
            return None
        inside = rest[1:end]
        if any(not (each == "!" or "#" <= each <= "~" or "\x80" <= each <= "\xff") for each in inside):
            return None
        found.append((weak, rest[: end + 1]))
        rest = rest[end + 1 :].lstrip(" \t")
        if rest and not rest.startswith(","):
            return None
        rest = rest.lstrip(" \t,")
    return found


def if_range(resource: Resource, tag: str, field: str) -> bool:
    """13.1.5: the same tag by strong comparison, or exactly the same date if that is a strong validator."""
    value = field.strip(" \t")
    if value == tag and not tag.startswith("W/"):
        return True
    if value.startswith(('"', "W/")):
        return False
    date = http_date(field)
    return resource.strong_date and date is not None and date == resource.modified


def http_date(value: str) -> int | None:
    """5.6.7: the three forms."""
    for form in ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"):
        try:
            return int(datetime.strptime(value, form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    return None


def ranges(field: str) -> list[tuple[int | None, int | None]] | None:
    """14.1.2; None where it is to be ignored."""
    unit, equals, rest = field.strip(" \t").partition("=")
    if unit.lower() != "bytes" or not equals:
        return None
    found: list[tuple[int | None, int | None]] = []
    for member in rest.split(","):
        text = member.strip(" \t")
        if not text:
            continue
        if text.count("-") != 1 or text == "-" or any(each not in DIGITS + "-" for each in text):
            return None
        first, last = text.split("-")
        if not first:
            found.append((None, int(last)))
        elif not last:
            found.append((int(first), None))
        elif int(last) < int(first):
            return None
        else:
            found.append((int(first), int(last)))
    return found or None
