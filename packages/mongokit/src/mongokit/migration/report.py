"""What a bulk migration did, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["MigrationReport", "RuleReport", "State"]

State = Literal["planned", "running", "done", "idle"]


@dataclass(frozen=True, slots=True)
class RuleReport:
    """One rule: what there was to do, and how far it is."""

    name: str
    state: State
    """``planned`` on a dry run, ``running``, ``done``, ``idle`` where no document matched."""
    before: int | None = None
    """Documents that matched the target when it began; None where the rule does not say."""
    matched: int = 0
    """Documents it has come to in this run."""
    changed: int = 0
    """Documents it has changed in this run."""
    earlier: int = 0
    """Documents that a run which was interrupted had come to before."""
    after: int | None = None
    """Documents that match the target when it has ended: those that came meanwhile, or that the update leaves there."""
    seconds: float = 0.0

    @property
    def resumed(self) -> bool:
        """Whether it went on where an interrupted run was."""
        return bool(self.earlier)

    def __str__(self) -> str:
        if self.state == "idle":
            return "nothing to do"
        if self.state == "planned":
            return "writes itself, what is not known" if self.before is None else f"{self.before:,} to change"
        words = [f"{self.changed:,} changed"]
        if self.before is not None:
            words[0] += f" of {self.before:,}"
        if self.resumed:
            words.append(f"after {self.earlier:,} of an interrupted run")
        if self.after:
            words.append(f"{self.after:,} still match")
        return f"{', '.join(words)}, {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """All rules of a migration, in their order; ``str()`` of it is to be read."""

    namespace: str
    """``database.collection``."""
    migration: str
    """The name of the migration's class."""
    dry_run: bool
    rules: tuple[RuleReport, ...]

    @property
    def changed(self) -> int:
        """How many changes were made; a document counts for each rule that changed it."""
        return sum(rule.changed for rule in self.rules)

    @property
    def complete(self) -> bool:
        """Whether nothing matches any rule any more."""
        return all(rule.state == "idle" or rule.after == 0 for rule in self.rules)

    def as_data(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {**asdict(self), "rules": [asdict(rule) for rule in self.rules]}

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.migration} on {self.namespace}{' (dry run: nothing was written)' if self.dry_run else ''}"
        width = max((len(rule.name) for rule in self.rules), default=0)
        for rule in self.rules:
            yield f"  {rule.name.ljust(width)}  {rule}"
        if not self.rules:
            yield "  no rules (methods named allmigration…)"
        if any(rule.after for rule in self.rules):
            yield (
                "  What still matches came meanwhile (migrate_all again), or the update of the rule does not take "
                "documents out of its target (then the rule is to be mended)."
            )
