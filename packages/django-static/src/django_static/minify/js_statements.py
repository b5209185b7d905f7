"""The rules of the normal form of scripts: what honest minifiers write in several ways, written in one."""

from __future__ import annotations

from typing import Any

__all__ = ["binary", "choice", "is_optional", "normal", "sequence", "unary"]

Form = tuple[Any, ...]

_TRUE: Form = ("true",)
_FALSE: Form = ("false",)
_UNDEFINED: Form = ("undefined",)
_BOOLEAN = ("not", "==", "===", "<", ">", "<=", ">=", "in", "instanceof", "true", "false")
_SPLIT = ("comma", "choose", "and", "or", "not")
_JUMPS = ("return", "throw", "break", "continue")
_STATEMENTS = frozenset(
    (*_JUMPS, "if", "block", "declare", "define", "for", "lexical-for", "do", "each", "switch", "try", "label")
    + ("with", "import", "export", "directive", "debugger_statement")
)


def is_optional(form: Form) -> bool:
    """Whether a form is an optional chain that a parenthesis would end."""
    while form[0] in ("get", "call", "optional-get", "optional-call"):
        if form[0].startswith("optional"):
            return True
        form = form[1]
    return False


# Expressions


def sequence(forms: list[Form]) -> Form:
    """``a, b, c``"""
    flat: list[Form] = []
    for form in forms:
        flat += form[1:] if form[0] == "comma" else (form,)
    return ("comma", *flat)


def unary(operator: str, value: Form) -> Form:
    """``!a``, ``void 0``, ``-1``, ``typeof a``"""
    if operator == "!":
        if value[0] == "number":
            return _TRUE if value[1] in ("0.0", "nan") else _FALSE
        return _negated(value)
    if operator == "void" and value[0] in ("number", "undefined"):
        return _UNDEFINED
    if operator == "-" and value[0] == "number":
        return ("number", value[1][1:] if value[1].startswith("-") else f"-{value[1]}")
    return ("unary", operator, value)


def binary(operator: str, left: Form, right: Form) -> Form:
    """``a + b`` and all others"""
    if operator in ("&&", "||"):
        tag = "and" if operator == "&&" else "or"
        parts = [*(left[1:] if left[0] == tag else (left,)), *(right[1:] if right[0] == tag else (right,))]
        return _boolean((tag, *parts)) if all(map(_is_boolean, parts)) else (tag, *parts)
    if operator in ("!=", "!=="):
        return _negated(binary(operator.replace("!", "=", 1), left, right))
    if operator in ("==", "==="):
        return _equal(operator, left, right)
    if operator == "+" and right[0] == "string":
        if left[0] == "string":
            return ("string", left[1] + right[1])
        if left[0] == "+" and left[2][0] == "string":
            return ("+", left[1], ("string", left[2][1] + right[1]))
    if operator == "/" and left == ("number", "1.0") and right == ("number", "0.0"):
        return ("number", "inf")
    return (operator, left, right)


def _equal(operator: str, left: Form, right: Form) -> Form:
    if ("unary", "typeof") in (left[:2], right[:2]) and "string" in (left[0], right[0]):
        operator = "=="
    return (operator, left, right)


def choice(test: Form, then: Form, other: Form) -> Form:
    """``test ? then : other``"""
    test, is_swapped = _test(test)
    if is_swapped:
        then, other = other, then
    if test[0] == "comma":
        return sequence([*test[1:-1], choice(test[-1], then, other)])
    if (then, other) == (_TRUE, _FALSE):
        return _truth_value(test)
    if (then, other) == (_FALSE, _TRUE):
        return _negated(test)
    if other == _FALSE:
        return binary("&&", _truth_value(test), then)
    if then == _TRUE:
        return binary("||", _truth_value(test), other)
    if then == _FALSE:
        return binary("&&", _negated(test), other)
    if other == _TRUE:
        return binary("||", _negated(test), then)
    if then == test and test[0] in ("name", "variable"):
        return binary("||", test, other)
    if other == test and test[0] in ("name", "variable"):
        return binary("&&", test, then)
    shared = _shared_call(test, then, other)
    return ("choose", test, then, other) if shared is None else shared


def _shared_call(test: Form, then: Form, other: Form) -> Form | None:
    """``a ? f(b) : f(c)`` as ``f(a ? b : c)``, where looking ``f`` up does nothing."""
    if then[0] != "call" or other[0] != "call" or then[1] != other[1] or then[1][0] not in ("name", "variable"):
        return None
    if len(then[2]) != len(other[2]):
        return None
    differing = [number for number, pair in enumerate(zip(then[2], other[2], strict=True)) if pair[0] != pair[1]]
    if differing != [0]:
        return None
    return ("call", then[1], [choice(test, then[2][0], other[2][0]), *then[2][1:]])


def _is_boolean(form: Form) -> bool:
    if form[0] == "comma":
        return _is_boolean(form[-1])
    return form[0] in _BOOLEAN or (form[0] in ("and", "or") and all(map(_is_boolean, form[1:])))


def _truth_value(form: Form) -> Form:
    """``!!form``"""
    if form[0] == "comma":
        return ("comma", *form[1:-1], _truth_value(form[-1]))
    return form if _is_boolean(form) else ("not", ("not", form))


def _negated(form: Form) -> Form:
    """``!form``, with the negation as far out as it goes."""
    if form == _TRUE:
        return _FALSE
    if form == _FALSE:
        return _TRUE
    if form[0] == "not" and _is_boolean(form[1]):
        return form[1]  # type: ignore[no-any-return]
    if form[0] == "comma":
        return ("comma", *form[1:-1], _negated(form[-1]))
    test, is_swapped = _test(form)
    return _truth_value(test) if is_swapped else ("not", test)


def _boolean(form: Form) -> Form:
    """A conjunction or disjunction of truth values in its one form."""
    return _value(*_test(form))


def _value(test: Form, is_swapped: bool) -> Form:
    """The truth value of a test."""
    return _negated_test(test) if is_swapped else _truth_value(test)


def _negated_test(test: Form) -> Form:
    return _FALSE if test == _TRUE else _TRUE if test == _FALSE else _not(test)


def _not(test: Form) -> Form:
    return ("comma", *test[1:-1], _not(test[-1])) if test[0] == "comma" else ("not", test)


def _test(form: Form) -> tuple[Form, bool]:
    """A form of which only the truth counts, and whether it must be read the other way round.

    Negations are moved to the leaves and from there out again so that the outermost connective is a conjunction.
    """
    if form[0] == "not":
        test, is_swapped = _test(form[1])
        return test, not is_swapped
    if form[0] == "comma":
        test, is_swapped = _test(form[-1])
        return ("comma", *form[1:-1], test), is_swapped
    if form[0] == "choose":
        then, other = (_truth(part) for part in form[2:])
        return ("choose", form[1], then, other), False
    if form[0] == "and":
        parts = _joined("and", [_truth(part) for part in form[1:]])
        return parts, False
    if form[0] == "or":
        parts = _joined("and", [_opposite(part) for part in form[1:]])
        return parts, True
    return form, False


def _joined(tag: str, parts: list[Form]) -> Form:
    flat: list[Form] = []
    for part in parts:
        flat += part[1:] if part[0] == tag else (part,)
    return (tag, *flat)


def _truth(form: Form) -> Form:
    test, is_swapped = _test(form)
    return _not(test) if is_swapped else test


def _opposite(form: Form) -> Form:
    test, is_swapped = _test(form)
    return test if is_swapped else _not(test)


# Statements


def normal(statements: list[Form], tail: str = "") -> list[Form]:
    """The one form of a list of statements; ``tail`` is the jump that has no effect at its end."""
    result = _flat(statements)
    return _without_tail(result, tail) if tail else result


def _flat(statements: list[Form]) -> list[Form]:
    result: list[Form] = []
    pending = list(reversed(statements))
    while pending:
        form = pending.pop()
        tag = form[0]
        if tag == "block":
            if form[2]:
                result.append(("block", _flat(form[1]), True))
            else:
                pending += reversed(form[1])
        elif tag == "comma":
            pending += reversed(form[1:])
        elif tag == "switch" and form[1][0] == "comma":
            pending.append(("switch", form[1][-1], form[2]))
            pending += reversed(form[1][1:-1])
        elif tag == "if":
            result += _if(form[1], form[2], form[3], pending)
        elif tag in ("and", "or", "choose", "not", "unary", "==", "==="):
            expanded = _effect(form)
            if expanded == [form]:
                result.append(form)
            else:
                pending += reversed(expanded)
        elif tag in ("return", "throw", "assign", "declare") and form[-1][0] in _SPLIT:
            expanded = _distributed(form)
            if expanded == [form]:
                result.append(_settled(form))
            else:
                pending += reversed(expanded)
        else:
            result.append(_settled(form))
    return result


def _effect(form: Form) -> list[Form]:
    """An expression of which the value is not used."""
    tag = form[0]
    if tag == "not" or (tag == "unary" and form[1] in ("void", "!")):
        return [form[-1]]
    if tag == "choose":
        return [("if", form[1], [form[2]], [form[3]])]
    if tag == "and":
        return [("if", form[1] if len(form) == 3 else (tag, *form[1:-1]), [form[-1]], [])]
    if tag == "or":
        return [("if", form[1] if len(form) == 3 else (tag, *form[1:-1]), [], [form[-1]])]
    return [form]


def _distributed(form: Form) -> list[Form]:
    """``return a, b`` and ``return a ? b : c`` as statements of their own."""
    head, value = form[:-1], form[-1]
    simple = form[0] in ("return", "throw") or (form[0] == "assign" and head[2][0] in ("name", "variable"))
    if value[0] == "comma" and (simple or form[0] == "declare"):
        return [*value[1:-1], (*head, value[-1])]
    if not simple or head[1:2] not in ((), ("=",)):
        return [form]
    if value[0] == "choose":
        return [("if", value[1], [(*head, value[2])], [(*head, value[3])])]
    test, is_swapped = _test(value) if _is_boolean(value) else (value, False)
    if _is_boolean(value) and test[0] == "and":
        rest = test[2] if len(test) == 3 else ("and", *test[2:])
        yes, no = _value(rest, is_swapped), _TRUE if is_swapped else _FALSE
        return [("if", test[1], [(*head, yes)], [(*head, no)])]
    if value[0] in ("and", "or") and _is_boolean(value[1]):
        rest = value[2] if len(value) == 3 else (value[0], *value[2:])
        if value[0] == "and":
            return [("if", value[1], [(*head, rest)], [(*head, _FALSE)])]
        return [("if", value[1], [(*head, _TRUE)], [(*head, rest)])]
    return [form]


def _if(test: Form, then: list[Form], other: list[Form], pending: list[Form]) -> list[Form]:
    """An ``if`` in its one form; when a branch ends in a jump, the other one takes in what follows."""
    if test[0] == "comma":
        pending.append(("if", test[-1], then, other))
        pending += reversed(test[1:-1])
        return []
    test, is_swapped = _test(test)
    if is_swapped:
        then, other = other, then
    then, other = _flat(then), _flat(other)
    if not then and not other:
        pending.append(test)
        return []
    # if (a) { if (b) c }  is  if (a && b) c
    merged = _merged(test, then, other)
    if merged is not None:
        pending.append(merged)
        return []
    pure = _pure_truth(test, then, other)
    if pure is not None:
        pending.append(pure)
        return []
    if len(then) == len(other) == 1:
        shared = _shared_call(test, then[0], other[0])
        if shared is not None:
            pending.append(shared)
            return []
    rest = list(reversed(pending))
    if rest and (_jumps(then) or _jumps(other)):
        pending.clear()
        both = (then, [*other, *rest]) if _jumps(then) else ([*then, *rest], other)
        pending.append(("if", test, *both))
        return []
    return [("if", test, then, other)]


def _merged(test: Form, then: list[Form], other: list[Form]) -> Form | None:
    """An ``if`` that is all there is in a branch of another, after expressions, as one ``if``."""
    inside = then or other
    if (then and other) or inside[-1][0] != "if" or not all(map(_is_expression, inside[:-1])):
        return None
    _, inner, yes, no = inside[-1]
    if yes and no:
        return None
    outer = _truth(test) if then else _opposite(test)
    right = _truth(inner) if yes else _opposite(inner)
    return ("if", _joined("and", [outer, sequence([*inside[:-1], right]) if inside[:-1] else right]), yes or no, [])


def _pure_truth(test: Form, then: list[Form], other: list[Form]) -> Form | None:
    """``if (a) return true; else return false;`` as ``return !!a``, assignments likewise."""
    if len(then) != 1 or len(other) != 1 or then[0][:-1] != other[0][:-1]:
        return None
    head = then[0][:-1]
    if head[:1] not in (("return",), ("throw",)) and not (head[:2] == ("assign", "=") and len(head) == 3):
        return None
    if head[:1] == ("assign",) and head[2][0] not in ("name", "variable"):
        return None
    values = (then[0][-1], other[0][-1])
    if values == (_TRUE, _FALSE):
        return (*head, _truth_value(test))
    if values == (_FALSE, _TRUE):
        return (*head, _negated(test))
    return None


def _is_expression(form: Form) -> bool:
    return form[0] not in _STATEMENTS


def _jumps(statements: list[Form]) -> bool:
    if not statements:
        return False
    last = statements[-1]
    if last[0] == "if":
        return _jumps(last[2]) and _jumps(last[3])
    if last[0] == "block":
        return _jumps(last[1])
    return last[0] in _JUMPS


def _settled(form: Form) -> Form:
    """A statement with the lists of statements in it in their one form."""
    tag = form[0]
    if tag == "for":
        test, is_swapped = _test(form[1])
        return ("for", ("not", test) if is_swapped else test, _flat(form[2]), normal(form[3], tail="continue"))
    if tag == "lexical-for":
        return ("lexical-for", form[1], _settled(form[2]))
    if tag == "do":
        test, is_swapped = _test(form[2])
        return ("do", normal(form[1], tail="continue"), ("not", test) if is_swapped else test)
    if tag == "each":
        return (*form[:-1], normal(form[-1], tail="continue"))
    if tag == "switch":
        return ("switch", form[1], [("case", case[1], _flat(case[2])) for case in form[2]])
    if tag == "try":
        handler = (*form[2][:2], _flat(form[2][2])) if form[2] else ()
        final = ("finally", _flat(form[3][1])) if form[3] else ()
        return ("try", _flat(form[1]), handler, final)
    if tag in ("label", "with"):
        return (tag, form[1], _flat(form[2]))
    return form


def _without_tail(statements: list[Form], jump: str) -> list[Form]:
    """Drop a ``return;`` that ends a function, or a ``continue`` that ends a turn."""
    if not statements:
        return statements
    last = statements[-1]
    if last in ((jump,), (jump, _UNDEFINED)):
        return _without_tail(statements[:-1], jump)
    if last[0] == "if":
        then, other = _without_tail(last[2], jump), _without_tail(last[3], jump)
        if (then, other) != (last[2], last[3]):
            return _without_tail([*statements[:-1], *_flat([("if", last[1], then, other)])], jump)
    return statements
