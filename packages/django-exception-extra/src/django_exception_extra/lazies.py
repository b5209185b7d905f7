"""What a request has that can ask it, as the lazy `request.user`: made to ask a copy of the request.

Where that cannot be had for certain there is no such copy: to be asked would leave traces on the request itself.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import functools
import gc
import logging
import threading
import types
import weakref
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.functional import LazyObject, SimpleLazyObject, empty

__all__ = ["Rebinding", "is_lazy", "is_refused", "is_unevaluated", "refused"]

# What leads to everything that goes on in the process, but is no way from a lazy object to what it asks.
_AMBIENT = (
    type,
    types.ModuleType,
    logging.Logger,
    logging.Handler,
    asyncio.AbstractEventLoop,
    asyncio.Future,
    concurrent.futures.Executor,
    threading.Thread,
)
_CALLABLE = (functools.partial, types.MethodType, types.FunctionType)
_BOUND = (types.BuiltinMethodType, types.MethodWrapperType)
# What a lazy object may keep its answer in; of these there is a copy, of one of a class of its own none.
_MAPPINGS = (dict, OrderedDict, defaultdict, Counter)
_COLLECTIONS = (list, deque, set)
# How many objects are looked at before it counts as uncertain: the middleware of a large site are some hundreds.
_FAR = 20_000


def is_lazy(value: object) -> bool:
    """Whether it is a lazy object, evaluated or not."""
    # Not isinstance(): a lazy object answers for the class of what it wraps, and evaluates itself to do so.
    return issubclass(type(value), LazyObject)


def is_unevaluated(value: object) -> bool:
    """Whether it is a lazy object which nobody has asked for what it stands for."""
    return is_lazy(value) and getattr(value, "_wrapped", None) is empty


def is_refused(value: object) -> bool:
    """Whether it stands for a lazy object of which there is no copy; to evaluate it raises `RuntimeError`."""
    return is_unevaluated(value) and getattr(value, "__dict__", {}).get("_setupfunc") is _refuse


def refused() -> Any:
    """What stands for such a lazy object."""
    return SimpleLazyObject(_refuse)


class Rebinding:
    """Copies of what a request has, which ask its stand-in; what they share, the copies share."""

    def __init__(self, request: HttpRequest, twin: HttpRequest) -> None:
        self._made: dict[int, Any] = {id(request): twin}
        self._originals = {id(request), id(request.__dict__)}
        self._originals |= {id(value) for value in request.__dict__.values() if is_unevaluated(value)}
        session = request.__dict__.get("session")
        if session is not None and twin.__dict__["session"] is not session:
            self._made[id(session)] = twin.__dict__["session"]
            self._originals.add(id(session))

    def of(self, value: Any) -> Any:
        """What the stand-in has in place of `value`, an attribute of the request.

        A copy of a lazy object, a function or a container. Of what could ask the request itself and cannot be copied,
        something that raises `RuntimeError` when it is evaluated or called.
        """
        # Of one that fails nothing half-made must be left to the others.
        before = dict(self._made)
        try:
            return self._other(value)
        except Exception:  # noqa: BLE001 (RecursionError, or what a class of the project's own raises: not certain either)
            self._made = before
            return _refuse if type(value) in _CALLABLE else refused()

    def leads_back(self, value: Any) -> bool:
        """Whether what the request and its stand-in share leads to the request; not where that would be very far."""
        try:
            return self._is_reached_from(value, too_far=False)
        except Exception:  # noqa: BLE001 (whatever it is: then it may)
            return True

    def _other(self, value: Any) -> Any:
        if id(value) in self._made:
            return self._made[id(value)]
        if is_unevaluated(value):
            return self._lazy(value)
        if type(value) is functools.partial:
            arguments = [self._other(each) for each in value.args]
            named = {name: self._other(each) for name, each in value.keywords.items()}
            return functools.partial(self._other(value.func), *arguments, **named)
        if type(value) is types.MethodType:
            return types.MethodType(self._other(value.__func__), self._other(value.__self__))
        if type(value) is types.FunctionType:
            return self._function(value)
        # As `cache.setdefault`, which keeps what it is given in what it is bound to.
        if type(value) in _BOUND and type(value.__self__) in (*_MAPPINGS, *_COLLECTIONS):
            return getattr(self._other(value.__self__), value.__name__)
        if type(value) in (*_MAPPINGS, *_COLLECTIONS) and id(value) not in self._originals:
            return self._container(value)
        if self._is_reached_from(value):
            raise _UncertainError
        return value

    def _container(self, value: Any) -> Any:
        if len(self._made) + len(value) > _FAR or self._is_reached_from(
            getattr(value, "default_factory", None)
        ):
            raise _UncertainError
        self._made[id(value)] = other = copy.copy(value)
        other.clear()
        if type(value) in _MAPPINGS:
            other.update({self._other(name): self._other(each) for name, each in value.items()})
        elif type(value) is set:
            other.update([self._other(each) for each in value])
        else:
            other.extend([self._other(each) for each in value])
        return other

    def _lazy(self, value: Any) -> Any:
        # A class of its own may ask whatever it likes, in a method of its own.
        if getattr(type(value), "_setup", None) is not SimpleLazyObject._setup:  # type: ignore[attr-defined] # not in the stubs
            raise _UncertainError
        # First of all, for what refers to itself.
        self._made[id(value)] = lazy = SimpleLazyObject(_refuse)
        lazy.__dict__["_setupfunc"] = self._other(value.__dict__["_setupfunc"])
        return lazy

    def _function(self, value: types.FunctionType) -> types.FunctionType:
        cells = value.__closure__ or ()
        # Functions may share a cell, as those around a `nonlocal` do, and one may be what another holds.
        new = [cell for cell in cells if id(cell) not in self._made]
        self._made |= {id(cell): types.CellType() for cell in new}
        closure = tuple(self._made[id(cell)] for cell in cells)
        copy = types.FunctionType(value.__code__, value.__globals__, value.__name__, None, closure)
        self._made[id(value)] = copy
        for cell in new:
            self._fill(self._made[id(cell)], cell)
        copy.__defaults__ = value.__defaults__ and tuple(self._other(each) for each in value.__defaults__)
        named = value.__kwdefaults__
        copy.__kwdefaults__ = named and {name: self._other(each) for name, each in named.items()}
        copy.__dict__.update({name: self._other(each) for name, each in value.__dict__.items()})
        return copy

    def _fill(self, other: types.CellType, cell: types.CellType) -> None:
        try:
            value = cell.cell_contents
        except ValueError:  # nothing in it yet
            return
        other.cell_contents = self._other(value)

    def _is_reached_from(self, value: Any, *, too_far: bool = True) -> bool:
        """Whether an object holds the request, its session or one of its lazy objects; `too_far` to say it at this distance."""
        waiting = [value]
        # Themselves and not their numbers only, which others made meanwhile could get.
        seen: dict[int, Any] = {}
        while waiting:
            each = waiting.pop()
            if id(each) in self._originals:
                return True
            if id(each) in seen or issubclass(type(each), _AMBIENT):
                continue
            seen[id(each)] = each
            if len(seen) > _FAR:
                return too_far
            if type(each) in weakref.ProxyTypes:
                return True
            waiting += _held_by(each)
        return False


class _UncertainError(Exception):
    """What the request has could ask the request itself."""


def _held_by(value: Any) -> Iterable[Any]:
    if type(value) is types.FunctionType:
        # All but its module.
        return (value.__closure__, value.__defaults__, value.__kwdefaults__, value.__dict__)
    if issubclass(type(value), weakref.ref):
        return (value(), *gc.get_referents(value))
    if is_lazy(value) and not is_unevaluated(value):
        # All but how it was worked out, which is never asked again.
        return [each for name, each in value.__dict__.items() if name != "_setupfunc"]
    return gc.get_referents(value)


def _refuse(*_args: object, **_kwargs: object) -> NoReturn:
    raise RuntimeError(
        "Not evaluated: it could leave a trace on the request that failed, of which this is a copy."
    )
