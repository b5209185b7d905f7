"""Where in a script there is code, and not a comment, a string, a template or a regular expression (ECMA-262, clause 12).

A script is read only as far as the last place that is asked about, by one regular expression that takes what is certain
in great strides. What a slash means is the one thing that takes more than a look at tokens; it is told from what stands
before it, and where that does not suffice, ``Unsure`` sends the reader to the parser, which is ten times slower.
"""

from __future__ import annotations

import re

from .js_slash import (
    BEFORE_VALUES,
    ESCAPE_IN_CODE,
    OPERATORS,
    Unsure,
    closes_head,
    ends_with_keyword,
    is_harmless,
)
from .patterns import BLOCK_COMMENT, has, loop, quoted

__all__ = ["BLANKS", "COMMENT", "STRING", "TEMPLATE", "Code", "arguments"]

_LINE_END = r"\n\r\u2028\u2029"
STRING = quoted(r"\n\r", r"\\(?:\r\n|[\s\S])")
_IN_A_TEMPLATE = (r"[^`\\$]++", r"\\[\s\S]", r"\$(?!\{)")
#: A template without substitutions.
TEMPLATE = f"`{loop(*_IN_A_TEMPLATE)}`"
_LINE_COMMENT = rf"//[^{_LINE_END}]*+"
_BLOCK_COMMENT = rf"/\*{BLOCK_COMMENT}"
COMMENT = rf"(?:{_LINE_COMMENT}|{_BLOCK_COMMENT})"
BLANKS = loop(r"[\s\ufeff]++", COMMENT)

_CLOSES = {"(": ")", "[": "]", "{": "}"}
_ESCAPE = rf"\\[^{_LINE_END}]"
_CLASS = r"\[" + loop(rf"[^\]\\{_LINE_END}]++", _ESCAPE) + r"\]"
_REGEX = r"/(?![*/])" + loop(rf"[^/\\\[{_LINE_END}]++", _ESCAPE, _CLASS, least=1) + r"/[\w$]*+"
_OPERATOR = f"[{re.escape(OPERATORS)}]"
_CERTAIN_REGEX = rf"(?:(?<={_OPERATOR})|(?<={_OPERATOR} )){_REGEX}"


def _after_value(blank: str) -> str:
    """A slash that a name, a number or a closing bracket stands before, but no keyword."""
    keywords = "".join(rf"(?<!\b{word}{blank}/)" for word in BEFORE_VALUES)
    return rf"(?<=[\w$\]]{blank}/){keywords}"


_CERTAIN_DIVISION = rf"/(?![*/])(?:{_after_value('')}|{_after_value(' ')})"
_SIMPLE_SUBSTITUTION = r"\$\{[^{}\"'`/]*+\}"
_SIMPLE_TEMPLATE = f"`{loop(*_IN_A_TEMPLATE, _SIMPLE_SUBSTITUTION)}`"
_CLOSED = (
    STRING,
    _SIMPLE_TEMPLATE,
    # The look ahead keeps a comment that is cut short by the end of the stride from passing for whole.
    rf"{_LINE_COMMENT}(?=[{_LINE_END}])",
    _BLOCK_COMMENT,
    _CERTAIN_REGEX,
    _CERTAIN_DIVISION,
)


def _stride(others: str) -> re.Pattern[str]:
    return re.compile(loop(others, *_CLOSED))


_USUAL = _stride(r"""[^"'`/]++""")
_IN_TEMPLATE = _stride(r"""[^"'`/{}]++""")
#: Up to what is a comment in scripts, but not in modules.
_HTML_COMMENT = "<!--"
_USUAL_UP_TO_HTML = _stride(r"""[^"'`/<]++|<(?!!--)""")
_IN_ARGUMENTS = _stride(r"""[^"'`/(){}\[\],]++""")
_ONE = re.compile(
    rf"(?P<blank>[\s\ufeff]++|{COMMENT})|(?P<regex>{_CERTAIN_REGEX})"
    rf"""|{STRING}|{_SIMPLE_TEMPLATE}|/|(?P<code>[^\s\ufeff"'`/]++)"""
)
_WHOLE_STRING = re.compile(STRING)
_WHOLE_REGEX = re.compile(_REGEX)
_UP_TO_SUBSTITUTION = re.compile(loop(*_IN_A_TEMPLATE))
_END_OF_LINE = re.compile(rf"[{_LINE_END}]|\Z")
_BLANKS = re.compile(BLANKS)


class Code:
    """A script, read up to where it was asked about last.

    Raises:
        Unsure: in every method, where the tokens alone do not tell what follows, or do not end.
    """

    def __init__(self, text: str, position: int = 0) -> None:
        self._text = text
        self.position = position
        #: Where what is known begins: before it stood a value or not.
        self._floor = position
        self._is_after_value = False
        #: For each template around, how many braces are open in its substitution.
        self._templates: list[int] = []
        self._usual = _USUAL
        if position == 0:
            self._usual = _USUAL_UP_TO_HTML if has(text, _HTML_COMMENT) else _USUAL
            self._floor = self.position = self._line_end(0) if text.startswith("#!") else 0

    def reach(self, offset: int) -> bool:
        # A stride does not see beyond its end, so that of "//" it would take the first slash for a division.
        is_comment = self._text.startswith(("//", "/*"), offset - 1) and offset > 0
        stop = offset - 1 if is_comment else offset
        while self.position < offset:
            if self.position == stop:
                self._slash(stop, offset)
            else:
                self.advance(_IN_TEMPLATE if self._templates else self._usual, stop)
        return self.position == offset

    def is_member(self, offset: int) -> bool:
        last, _ = self._last(offset)
        self._floor = offset
        return last >= 0 and self._text[last] == "." and not self._text.endswith("...", 0, last + 1)

    def advance(self, stride: re.Pattern[str], limit: int) -> None:
        """Take a stride, and unless that leads to the limit the token that stopped it, if it is one of ``"'`/``."""
        text = self._text
        match = stride.match(text, self.position, limit)
        self.position = position = match.end() if match else self.position
        if position >= limit:
            return
        character = text[position]
        if character in "\"'":
            whole = _WHOLE_STRING.match(text, position)
            if whole is None:
                raise Unsure(f"a string that does not end, at {position}")
            self._go_on(whole.end(), is_value=True)
        elif character == "`":
            self._template(position + 1)
        elif character == "/":
            self._slash(position, limit)
        elif self._templates:
            self._brace(character, position)
        elif character == "<":
            raise Unsure(f"what may be an HTML comment, at {position}")

    def inside(self) -> bool:
        """Whether the position is within a substitution of a template."""
        return bool(self._templates)

    def _go_on(self, position: int, *, is_value: bool) -> None:
        self._floor = self.position = position
        self._is_after_value = is_value

    def _line_end(self, position: int) -> int:
        match = _END_OF_LINE.search(self._text, position)
        return match.start() if match else len(self._text)

    def _template(self, start: int) -> None:
        """The characters of a template up to its end or its next substitution."""
        match = _UP_TO_SUBSTITUTION.match(self._text, start)
        end = match.end() if match else start
        if self._text.startswith("`", end):
            self._go_on(end + 1, is_value=True)
        elif self._text.startswith("${", end):
            self._templates.append(0)
            self._go_on(end + 2, is_value=False)
        else:
            raise Unsure(f"a template that does not end, at {start}")

    def _brace(self, character: str, position: int) -> None:
        if character == "{":
            self._templates[-1] += 1
        elif self._templates[-1]:
            self._templates[-1] -= 1
        else:
            self._templates.pop()
            self._template(position + 1)
            return
        self.position = position + 1

    def _slash(self, position: int, limit: int) -> None:
        text = self._text
        if text.startswith("//", position):
            self.position = self._line_end(position)
        elif text.startswith("/*", position):
            end = text.find("*/", position + 2)
            if end < 0:
                raise Unsure(f"a comment that does not end, at {position}")
            self.position = end + 2
        else:
            match = _WHOLE_REGEX.match(text, position)
            if match is None or self._divides(position, match.end(), limit):
                self._go_on(position + 1, is_value=False)
            else:
                self._go_on(match.end(), is_value=True)

    def _divides(self, position: int, end: int, limit: int) -> bool:
        """Whether the slash divides, and is not the first of a regular expression that would end there."""
        text = self._text
        last, is_regex = self._last(position)
        if last < 0:
            return self._is_after_value
        character = text[last]
        if is_regex or character in "\"'`]":
            return True
        if character in "+-":
            return text[last - 1 : last] == character  # a++ / b
        if character == ".":
            return not text.endswith("...", 0, last + 1)  # 1. / b
        if character in ")}":
            if ESCAPE_IN_CODE.match(text, position):
                return False
            if end <= limit and is_harmless(text[position:end], text[end : end + 1]):
                return False  # it does not matter
            if character == "}":
                raise Unsure(f"a slash after a brace, at {position}")
            return not closes_head(text, last)
        if character in OPERATORS:
            return False
        if not (character.isalnum() or character in "_$"):
            raise Unsure(f"a slash after {character!r}, at {position}")
        return not ends_with_keyword(text, last + 1)

    def _last(self, position: int) -> tuple[int, bool]:
        """Where the code before an offset ends, -1 if there is none above the floor, and whether in a regular expression."""
        text, index = self._text, position - 1
        while index >= self._floor and text[index] in " \t":
            index -= 1
        if index < self._floor:
            return -1, False
        if text[index] != "/" and not text[index].isspace() and text[index] != "\ufeff":
            return index, False
        # Only from the start can be told whether what stands on the line before, or before a slash, is a comment.
        last, is_regex = -1, False
        for match in _ONE.finditer(text, self._floor, position):
            if match["blank"] is None:
                last, is_regex = match.end() - 1, match["regex"] is not None
        return last, is_regex


def arguments(text: str, parenthesis: int, limit: int) -> tuple[list[tuple[int, int]], int]:
    """The arguments of a call as offsets of where each begins and ends, and where the call ends.

    Raises:
        Unsure: the call does not end before the limit, or what it holds is not told by tokens alone.
    """
    code = Code(text, parenthesis + 1)
    found: list[tuple[int, int]] = []
    closes = [")"]
    start = parenthesis + 1
    while code.position < limit:
        code.advance(_IN_TEMPLATE if code.inside() else _IN_ARGUMENTS, limit)
        position = code.position
        character = text[position : position + 1]
        if code.inside() or position >= limit or character not in "(){}[],":
            continue
        if character in _CLOSES:
            closes.append(_CLOSES[character])
        elif character == closes[-1]:
            closes.pop()
        elif character != ",":
            break
        if not closes or (character == "," and len(closes) == 1):
            found.append((start, position))
            start = position + 1
        if not closes:
            return _trimmed(text, found), position + 1
        code.position = position + 1
    raise Unsure(f"a call that does not end, at {parenthesis}")


def _trimmed(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the blanks before and after them, and without what is empty."""
    found = []
    for start, end in spans:
        match = _BLANKS.match(text, start, end)
        begin = match.end() if match else start
        if begin < end:
            found.append((begin, begin + len(text[begin:end].rstrip())))
    return found
