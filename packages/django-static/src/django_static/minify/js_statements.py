"""The rules of the normal form of scripts: what honest minifiers write in several ways, written in one."""

from __future__ import annotations

from typing import Any

from .js_operators import equal, grouped
from .js_shapes import NAMELESS, SETTLED, effect, hoisted, is_expression, jumps
from .js_truth import (
    FALSE,
    TRUE,
    UNDEFINED,
    boolean,
    is_boolean,
    is_inert,
    joined,
    negated,
    opposite,
    split,
    truth,
    truth_value,
)

__all__ = ["binary", "choice", "normal", "sequence"]

Form = tuple[Any, ...]

# Expressions


def sequence(forms: list[Form]) -> Form:
    """``a, b, c``"""
    flat: list[Form] = []
    for form in forms:
        flat += form[1:] if form[0] == "comma" else (form,)
    # Of all but the last only the effect counts.
    effects = _flat(flat[:-1])
    if not all(map(is_expression, effects)):
        effects = flat[:-1]
    return ("comma", *effects, flat[-1]) if effects else flat[-1]


def binary(operator: str, left: Form, right: Form) -> Form:
    """``a + b`` and all others"""
    if operator in ("&&", "||"):
        tag = "and" if operator == "&&" else "or"
        parts = [*(left[1:] if left[0] == tag else (left,)), *(right[1:] if right[0] == tag else (right,))]
        if parts[0][0] == "comma":
            return (
                "comma",
                *parts[0][1:-1],
                binary(operator, parts[0][-1], (tag, *parts[1:]) if parts[2:] else parts[1]),
            )
        if not all(map(is_boolean, parts)):
            return (tag, *grouped(tag, parts))
        if parts[-1] == (FALSE if tag == "and" else TRUE):
            return sequence([parts[0] if len(parts) == 2 else boolean((tag, *parts[:-1])), parts[-1]])
        return boolean((tag, *parts))
    if operator in ("==", "===", "!=", "!=="):
        return equal(operator, left, right)
    if operator == "+" and right[0] == "string":
        if left[0] == "string":
            return ("string", left[1] + right[1])
        if left[0] == "+" and left[2][0] == "string":
            return ("+", left[1], ("string", left[2][1] + right[1]))
    if operator == "/" and left == ("number", "1.0") and right == ("number", "0.0"):
        return ("number", "inf")
    return (operator, left, right)


def choice(test: Form, then: Form, other: Form) -> Form:
    """``test ? then : other``"""
    test, is_swapped = split(test)
    if is_swapped:
        then, other = other, then
    if test[0] == "comma":
        return sequence([*test[1:-1], choice(test[-1], then, other)])
    if test in (TRUE, FALSE):
        # What has no parenthesis around it any more may be called with another object, or get a name.
        taken = then if test == TRUE else other
        if taken[0] in SETTLED:
            return taken
    if (then, other) == (TRUE, FALSE):
        return truth_value(test)
    if (then, other) == (FALSE, TRUE):
        return negated(test)
    if other == FALSE:
        return binary("&&", truth_value(test), then)
    if then == TRUE:
        return binary("||", truth_value(test), other)
    if then == FALSE:
        return binary("&&", negated(test), other)
    if other == TRUE:
        return binary("||", negated(test), then)
    if then == other:
        return sequence([test, then])
    # A global may have a getter, and a different value the second time.
    if then == test and test[0] == "variable":
        return binary("||", test, other)
    if other == test and test[0] == "variable":
        return binary("&&", test, then)
    merged = _merged_choice(test, then, other)
    if merged is not None:
        return merged
    shared = _shared_call(test, then, other)
    return ("choose", test, then, other) if shared is None else shared


def _merged_choice(test: Form, then: Form, other: Form) -> Form | None:
    """``a ? b ? c : d : d`` as ``a && b ? c : d``."""
    for outer, inside, outside in ((truth(test), then, other), (opposite(test), other, then)):
        if inside[0] != "choose":
            continue
        _, inner, yes, no = inside
        if no == outside:
            return choice(joined("and", [outer, truth(inner)]), yes, outside)
        if yes == outside:
            return choice(joined("and", [outer, opposite(inner)]), no, outside)
    return None


def _shared_call(test: Form, then: Form, other: Form) -> Form | None:
    """``a ? f(b) : f(c)`` as ``f(a ? b : c)``, where looking ``a`` up before or after ``f`` is the same."""
    if then[0] != "call" or other[0] != "call" or then[1] != other[1] or not is_inert(test):
        return None
    if then[1][0] not in ("name", "variable"):
        return None
    if len(then[2]) != len(other[2]):
        return None
    differing = [
        number for number, pair in enumerate(zip(then[2], other[2], strict=True)) if pair[0] != pair[1]
    ]
    if differing != [0]:
        return None
    return ("call", then[1], [choice(test, then[2][0], other[2][0]), *then[2][1:]])


# Statements


def normal(statements: list[Form], tail: str = "") -> list[Form]:
    """The one form of a list of statements; ``tail`` is the jump that has no effect at its end."""
    result = _flat(statements)
    if not tail:
        return result
    result = _without_tail(result, tail)
    if tail == "return" and result and result[-1][0] == "if" and not jumps(result):
        # if (a) return b  at the end of a function is  return a ? b : undefined
        result = _without_tail(_flat([*result, ("return", UNDEFINED)]), tail)
    return result


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
            expanded = effect(form)
            if expanded == [form]:
                result.append(form)
            else:
                pending += reversed(expanded)
        elif tag in ("return", "throw", "assign", "declare") and form[-1][0] == "comma":
            expanded = hoisted(form)
            if len(expanded) == 1:
                result.append(form)
            else:
                pending += reversed(expanded)
        else:
            result.append(_settled(form))
    return result


def _if(test: Form, then: list[Form], other: list[Form], pending: list[Form]) -> list[Form]:
    """An ``if`` in its one form; when a branch ends in a jump, the other one takes in what follows."""
    if test[0] == "comma":
        pending.append(("if", test[-1], then, other))
        pending += reversed(test[1:-1])
        return []
    test, is_swapped = split(test)
    if is_swapped:
        then, other = other, then
    then, other = _flat(then), _flat(other)
    if test in (TRUE, FALSE):
        pending += reversed(then if test == TRUE else other)
        return []
    if not then and not other:
        pending.append(test)
        return []
    # if (a) { if (b) c }  is  if (a && b) c
    merged = _merged(test, then, other)
    if merged is not None:
        pending.append(merged)
        return []
    shared_end = _shared_end(test, then, other)
    if shared_end is not None:
        pending.append(shared_end)
        return []
    if len(then) == len(other) == 1:
        shared = _shared_call(test, then[0], other[0])
        if shared is not None:
            pending.append(shared)
            return []
    rest = list(reversed(pending))
    if rest and (jumps(then) or jumps(other)):
        pending.clear()
        both = (then, [*other, *rest]) if jumps(then) else ([*then, *rest], other)
        pending.append(("if", test, *both))
        return []
    return [("if", test, then, other)]


def _merged(test: Form, then: list[Form], other: list[Form]) -> Form | None:
    """An ``if`` that ends a branch of another, after expressions, and does the same otherwise, as one ``if``."""
    for outer, inside, outside in ((truth(test), then, other), (opposite(test), other, then)):
        if not inside or inside[-1][0] != "if" or not all(map(is_expression, inside[:-1])):
            continue
        _, inner, yes, no = inside[-1]
        if no == outside:
            right, action = truth(inner), yes
        elif yes == outside:
            right, action = opposite(inner), no
        else:
            continue
        parts = [outer, sequence([*inside[:-1], right]) if inside[:-1] else right]
        return ("if", joined("and", parts), action, outside)
    return None


def _shared_end(test: Form, then: list[Form], other: list[Form]) -> Form | None:
    """Two branches of expressions that end in the same kind of statement, as one statement with a choice in it."""
    if not then or not other or not all(map(is_expression, [*then[:-1], *other[:-1]])):
        return None
    head = then[-1][:-1]
    if head != other[-1][:-1]:
        return None
    is_assignment = head[:2] == ("assign", "=") and head[2][0] == "variable"
    if head not in (("return",), ("throw",)) and not is_assignment:
        return None
    if is_assignment and (then[-1][-1][0] in NAMELESS or other[-1][-1][0] in NAMELESS):
        return None
    values = [
        sequence([*branch[:-1], branch[-1][-1]]) if branch[:-1] else branch[-1][-1]
        for branch in (then, other)
    ]
    return (*head, choice(test, *values))


def _settled(form: Form) -> Form:
    """A statement with the lists of statements in it in their one form."""
    tag = form[0]
    if tag == "for":
        test, is_swapped = split(form[1])
        return (
            "for",
            ("not", test) if is_swapped else test,
            _flat(form[2]),
            normal(form[3], tail="continue"),
        )
    if tag == "lexical-for":
        return ("lexical-for", form[1], _settled(form[2]))
    if tag == "do":
        test, is_swapped = split(form[2])
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
    if last in ((jump,), (jump, UNDEFINED)):
        return _without_tail(statements[:-1], jump)
    if last[0] == "if":
        then, other = _without_tail(last[2], jump), _without_tail(last[3], jump)
        if (then, other) != (last[2], last[3]):
            return _without_tail([*statements[:-1], *_flat([("if", last[1], then, other)])], jump)
    return statements
