"""What a rule is: something that must hold after a run, with how often it was checked and where it does not hold."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.crash.evidence import Evidence


@dataclass(frozen=True)
class Breach:
    """Where a rule does not hold. `phone` is the patient's, "" where it is about nobody in particular."""

    what: str
    phone: str = ""


@dataclass
class Checked:
    """What was looked at. `notes` are worth telling although they break nothing; `skipped` is why nothing was looked
    at."""

    what: str
    count: int = 0
    breaches: list[Breach] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""

    def expect(self, holds: object, what: str, phone: str = "") -> None:
        """One look."""
        self.count += 1
        if not holds:
            self.breaches.append(Breach(what, phone))

    @property
    def verdict(self) -> str:
        if self.skipped:
            return "skipped"
        return "BROKEN" if self.breaches else "holds"


@dataclass(frozen=True)
class Rule:
    """`number` is its place in the list of twelve."""

    number: str
    check: Callable[[Evidence], Checked]
