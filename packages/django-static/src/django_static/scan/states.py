"""What is known of a page at one point of its rendering, without rendering it.

A template is run as a page would run it, but with symbols in the place of what only a request can tell. Where a condition
depends on a symbol, both ways are taken, each in a state of its own that remembers what it assumed: a second question
about the same symbol gets the same answer, so that the texts found are those that can occur together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from .holes import LOST, hole, pieces

__all__ = ["EQUALS", "MOST_STATES", "Known", "State", "Symbol", "Value", "merge", "ways", "widest"]

#: So many texts may one block have, by its conditions; with more it is unknown.
MOST_STATES = 64

#: The first part of the question whether a symbol equals a string: ``(EQUALS, key, string)``.
EQUALS = "=="


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A value that is the same in every request."""

    value: Any

    def __eq__(self, other: object) -> bool:
        # A safe string equals an unsafe one, and True equals 1, but they are not printed alike.
        return isinstance(other, Known) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[type, Hashable]:
        return type(self.value), self.value


@dataclass(frozen=True, slots=True)
class Symbol:
    """A value that only a request can tell; those with one key are the same value, those without are all different."""

    key: Hashable = None


Value = Known | Symbol | Hashable


class State(NamedTuple):
    """One way through a page, up to here. Never changed, only replaced, some hundred times for a page."""

    #: The variables that are bound, the innermost scope last. The mappings are never changed.
    scopes: tuple[Mapping[str, Value], ...] = ({},)
    #: What this way has assumed, by the key of the question.
    assumed: Mapping[Hashable, bool] = MappingProxyType({})
    #: The text printed since capturing began, with holes for what is unknown; None where nobody wants it.
    text: str | None = None
    #: The expressions that are unknown, by the numbers of the holes.
    unknown: tuple[str, ...] = ()
    #: What is known of texts that stand, or may stand, where the text has a hole.
    pieces: frozenset[str] = frozenset()
    autoescape: bool = True
    #: Whether a variable that is not bound may come from the request.
    is_open: bool = True

    def lookup(self, name: str) -> Value | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def bind(self, name: str, value: Value) -> State:
        return self._replace(scopes=(*self.scopes[:-1], {**self.scopes[-1], name: value}))

    def push(self, bindings: Mapping[str, Value] | None = None) -> State:
        return self._replace(scopes=(*self.scopes, dict(bindings or {})))

    def pop(self) -> State:
        return self._replace(scopes=self.scopes[:-1])

    def write(self, text: str) -> State:
        if self.text is None or not text:
            return self
        return self._replace(text=self.text + text)

    def cannot_write(self, *expressions: str) -> State:
        """Print something unknown."""
        if self.text is None:
            return self
        unknown = tuple(dict.fromkeys(self.unknown + expressions))
        return self._replace(
            text=self.text + "".join(hole(unknown.index(each)) for each in expressions), unknown=unknown
        )

    def lose(self, states: Iterable[State]) -> State:
        """Keep what is known of texts that are not: those of other states."""
        found = {piece for state in states for piece in _all_pieces(state)}
        return self if found <= self.pieces else self._replace(pieces=self.pieces | found)

    def answer(self, question: Hashable) -> bool | None:
        """What this way has assumed, or what follows from it; None if the question is new."""
        found = self.assumed.get(question)
        if found is not None:
            return found
        if isinstance(question, tuple) and question[0] == EQUALS:
            _, key, text = question
            # What equals one string equals no other, and is as true as the string.
            if self.assumed.get(key, bool(text)) is not bool(text):
                return False
            if any(
                truth and isinstance(other, tuple) and other[:2] == question[:2]
                for other, truth in self.assumed.items()
            ):
                return False
        for other, truth in self.assumed.items():
            if truth and isinstance(other, tuple) and other[:2] == (EQUALS, question):
                return bool(other[2])
        return None

    def assume(self, question: Hashable, truth: bool) -> State:
        return self._replace(assumed={**self.assumed, question: truth})

    def forget(self, marker: Hashable) -> State:
        """Without what was assumed about symbols that bear a marker: they are others in the next turn of a loop."""
        kept = {
            question: truth for question, truth in self.assumed.items() if not _mentions(question, marker)
        }
        return self if len(kept) == len(self.assumed) else self._replace(assumed=kept)

    def bindings(self) -> frozenset[tuple[str, Value]]:
        """All variables as a template sees them."""
        seen: dict[str, Value] = {}
        for scope in self.scopes:
            seen.update(scope)
        return frozenset(seen.items())

    def key(self) -> Hashable:
        """Equal for states that will go on alike, whatever they assumed."""
        scopes = tuple(frozenset(scope.items()) for scope in self.scopes)
        return scopes, self.text, self.unknown, self.autoescape, self.is_open


def _all_pieces(state: State) -> Iterable[str]:
    return (*state.pieces, *pieces(state.text or "", state.unknown))


def _mentions(question: Hashable, marker: Hashable) -> bool:
    if question == marker:
        return True
    if isinstance(question, Symbol | Known):
        return isinstance(question, Symbol) and _mentions(question.key, marker)
    return isinstance(question, tuple) and any(_mentions(part, marker) for part in question)


def ways(state: State, question: Hashable) -> list[tuple[State, bool]]:
    """The answers to a question about symbols, each with the state in which it holds.

    None is the question about something that may answer differently each time.
    """
    if question is None:
        return [(state, True), (state, False)]
    answer = state.answer(question)
    if answer is not None:
        return [(state, answer)]
    return [(state.assume(question, True), True), (state.assume(question, False), False)]


def merge(states: Iterable[State], overflow: str = "", *, exact: bool = False) -> list[State]:
    """States that go on alike become one; it assumes what all of them did.

    While a text is captured, or when it is to be ``exact``, states that assumed different things are kept apart up to the
    limit. Over it all become one, in which whatever they disagree about is unknown; ``overflow`` says what was too much.
    """
    found = list(states)
    if len(found) < 2:
        return found
    if exact or found[0].text is not None:
        apart: dict[Hashable, State] = {}
        for state in found:
            _put(apart, (state.key(), frozenset(state.assumed.items())), state)
        found = list(apart.values())
        if len(found) <= MOST_STATES:
            return found
    merged: dict[Hashable, State] = {}
    for state in found:
        _put(merged, state.key(), state)
    found = list(merged.values())
    return found if len(found) <= MOST_STATES else [widest(found, overflow)]


def _put(states: dict[Hashable, State], key: Hashable, state: State) -> None:
    """Let one state stand for it and for that which has its key."""
    other = states.get(key)
    if other is not None:
        state = state._replace(assumed=_common(state, other), pieces=state.pieces | other.pieces)
    states[key] = state


def _common(one: State, other: State) -> dict[Hashable, bool]:
    return {
        question: truth for question, truth in one.assumed.items() if other.assumed.get(question) == truth
    }


def widest(states: list[State], overflow: str = "") -> State:
    """One state for several, in which whatever they disagree about is unknown."""
    first = states[0]
    scopes: list[dict[str, Value]] = []
    for level, scope in enumerate(first.scopes):
        others = [state.scopes[level] for state in states]
        names = {name for other in others for name in other}
        scopes.append(
            {
                name: scope[name]
                if all(name in other and other[name] == scope.get(name) for other in others)
                else Symbol(("mixed", level, name))
                for name in names
            }
        )
    assumed = dict(first.assumed)
    for state in states:
        assumed = {
            question: truth for question, truth in assumed.items() if state.assumed.get(question) == truth
        }
    wide = first._replace(
        scopes=tuple(scopes),
        assumed=assumed,
        pieces=first.pieces.union(*(state.pieces for state in states)),
        is_open=any(state.is_open for state in states),
    )
    if len({(state.text, state.unknown) for state in states}) > 1:
        expressions = (expression for state in states for expression in state.unknown)
        wide = wide._replace(text=LOST, unknown=tuple(dict.fromkeys((*expressions, overflow)))).lose(states)
    return wide
