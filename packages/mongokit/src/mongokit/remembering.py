"""What a document keeps of its stored form, and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from bson.codec_options import CodecOptions

from mongokit.memory import Memory, differing, value_at_each

__all__ = ["Remembering"]

Raw = dict[str, Any]


class Remembering:
    """The part of a document that remembers: as its class says, or as a document that others refer to."""

    __slots__ = ()
    # In the dict of attributes, as most documents remember nothing.
    _memory: Memory | None = None
    track_changes: ClassVar[bool]
    _shard_key: ClassVar[tuple[str, ...]]

    def _stored(self) -> Raw:
        raise NotImplementedError

    def _codec_options(self) -> CodecOptions[Raw]:
        raise NotImplementedError

    def _remember(self, stored: Raw, only: Iterable[str] | None = None) -> None:
        """Keep what is needed of the stored form; after a write of some fields, of those."""
        cls = type(self)
        # As a document that others refer to it may remember more than its class demands.
        track = cls.track_changes or (self._memory is not None and self._memory.fields is not None)
        made = Memory.of(stored, track=track, shard_key=cls._shard_key, options=self._codec_options())
        if self._memory is not None and self._memory.part is not None:
            made = made._replace(part=self._memory.part)
        if only is not None:
            # Who was never read is found by the shard key that it has.
            before = self._memory or Memory({}, made.shard)
            made = made.only({*only, "_revision"}, before, cls._shard_key, self._codec_options())
        self._set_memory(made)

    def _remember_all(self, stored: Raw) -> None:
        """Keep all of the stored form, whatever the class says."""
        shard_key, options = type(self)._shard_key, self._codec_options()
        made = Memory.of(stored, track=True, shard_key=shard_key, options=options)
        self._set_memory(made if self._memory is None else made._replace(part=self._memory.part))

    def _differs(self) -> bool:
        """Return whether it is stored otherwise, as far as it remembers all of that; a part, where what it has is."""
        memory = self._memory
        if memory is None or memory.fields is None:
            return True
        stored = self._stored()
        found = differing(memory.fields, stored, self._codec_options())
        return any(name in stored for name in found) if memory.part is not None else bool(found)

    def _keep_remembering(self) -> None:
        """Have the document remember, from the next save on, all of how it is stored, whatever the class says."""
        if self._memory is None or self._memory.fields is None:
            stored = self._stored()
            part = None if self._memory is None else self._memory.part
            self._set_memory(Memory({}, value_at_each(stored, type(self)._shard_key), part))

    def _set_memory(self, memory: Memory | None) -> None:
        if memory is not self._memory:
            object.__setattr__(self, "_memory", memory)
