"""The main figures of the page of numbers: each with what it means, and how it differs from before."""

from collections.abc import Callable
from dataclasses import dataclass

from entrypoints.desk.amounts import NONE, Amounts
from entrypoints.desk.figures import WAITS, Figures, Sums
from entrypoints.desk.words import Words

UP, DOWN, NEITHER = 1, -1, 0  # which way is better
TONES = {True: "good", False: "bad"}


@dataclass(frozen=True)
class Tile:
    """`change` is "" where there is nothing to compare with; `tone` is good, bad or ""."""

    name: str
    value: str
    told: str
    change: str
    tone: str


class Tiles:
    """All of them."""

    def __init__(self, words: Words, figures: Figures) -> None:
        self._words = words
        self._say = Amounts(words)
        self._now, self._before = figures.total, figures.before

    def all(self) -> list[Tile]:
        """In the order of the page."""
        return [
            self._share("confirmation_rate", lambda sums: sums.confirmation_rate, UP),
            self._usual_wait(),
            self._share("unclear_share", lambda sums: sums.unclear_share, DOWN),
            self._share("delivery_rate", lambda sums: sums.delivery_rate, UP),
            self._count("segments", NEITHER),
            self._count("called_for_staff", DOWN),
        ]

    def _share(self, name: str, share: Callable[[Sums], float | None], better: int) -> Tile:
        now, before = share(self._now), share(self._before)
        difference = self._say.points_between(now, before)
        change = "" if now is None or before is None else self._say.points(difference)
        return self._tile(name, self._say.percent(now), change, difference * better)

    def _count(self, name: str, better: int) -> Tile:
        difference = self._now[name] - self._before[name]
        change = self._say.change(difference) if self._before["texts"] else ""
        return self._tile(name, self._say.number(self._now[name]), change, difference * better)

    def _usual_wait(self) -> Tile:
        now, before = self._now.usual_wait, self._before.usual_wait
        value = self._words(f"numbers.wait.{now}") if now else NONE
        if now is None or before is None:
            return self._tile("usual_wait", value, "", NEITHER)
        change = self._words("numbers.before", value=self._words(f"numbers.wait.{before}"))
        faster = WAITS.index(before) - WAITS.index(now)
        return self._tile("usual_wait", value, change if faster else self._say.change(0), faster)

    def _tile(self, name: str, value: str, change: str, better: int) -> Tile:
        now, say, usual = self._now, self._say, self._now.usual_wait
        told = self._words(
            f"numbers.told.{name}",
            **{count: say.number(n) for count, n in now.counts.items()},
            outcomes=say.number(now.outcomes),
            replies=say.number(now["decided"] + now["unclear"]),
            per_text=say.average(now.segments_per_text),
            within=self._words(f"numbers.within.{usual}") if usual else NONE,
        )
        return Tile(name, value, told, change, TONES[better > 0] if better and change else "")
