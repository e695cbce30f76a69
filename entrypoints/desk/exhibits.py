"""What the page of numbers draws: each picture with its words, and a table of the same numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from entrypoints.desk.amounts import NONE, Amounts
from entrypoints.desk.figures import OUTCOMES, WAITS, Figures, Sums
from entrypoints.desk.plots import Plot, Series, Shape, steps
from entrypoints.desk.words import Words

SETTLED = (*OUTCOMES, "by_staff", "in_calendar")
ENDS = ("delivered", "undelivered", "refused")
REPLIES = ("decided", "unclear")
QUARTERS = (0, 0.25, 0.5, 0.75, 1)

Values = Sequence[float | None]
Column = Callable[[Sums], str]
Columns = Mapping[str, Column]


@dataclass(frozen=True)
class Exhibit:
    """A picture with what it says (`alt`) and how it was counted (`note`), and its table: the `head` names the columns,
    the first of which names the lines."""

    plot: Plot
    alt: str
    note: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Place:
    """On the horizontal axis: its `label` there, its `name` in the table."""

    label: str
    name: str
    sums: Sums


class Exhibits:
    """All of them."""

    def __init__(self, words: Words, figures: Figures) -> None:
        self._words = words
        self._say = Amounts(words)
        self._total = figures.total
        say, weeks, hours = self._say, figures.weeks.items(), figures.hours.items()
        self._weeks = [Place(say.week(monday, short=True), say.week(monday), sums) for monday, sums in weeks]
        self._hours = [Place(say.hour(hour), say.hour(hour), sums) for hour, sums in hours]
        self._makers: Mapping[str, Callable[[], Exhibit]] = {
            "outcomes": lambda: self._counts_by_week("outcomes", SETTLED),
            "rate": self._rate,
            "waits": self._waits,
            "hours": self._replies_by_hour,
            "delivery": lambda: self._counts_by_week("delivery", ENDS),
            "segments": self._segments,
        }

    def all(self) -> list[Exhibit]:
        """In the order of the page."""
        return [make() for make in self._makers.values()]

    def one(self, name: str) -> Exhibit | None:
        """None where there is none of this name."""
        return self._makers[name]() if name in self._makers else None

    def _counts_by_week(self, name: str, counts: Sequence[str]) -> Exhibit:
        plot = self._bars(name, self._weeks, counts)
        return self._exhibit(plot, self._table("week", self._weeks, self._columns(counts)))

    def _rate(self) -> Exhibit:
        percent, number = self._say.percent, self._say.number
        rates = [place.sums.confirmation_rate for place in self._weeks]
        known = [rate for rate in rates if rate is not None]
        ticks = [(share, percent(share)) for share in QUARTERS]
        columns: Columns = {
            "rate": lambda sums: percent(sums.confirmation_rate),
            **self._columns(["confirmed"]),
            "outcomes": lambda sums: number(sums.outcomes),
        }
        return self._exhibit(
            self._plot("rate", self._weeks, {"rate": rates}, ticks=ticks, shape=Shape.LINE),
            self._table("week", self._weeks, columns),
            rate=percent(self._total.confirmation_rate),
            lowest=percent(min(known, default=None)),
            highest=percent(max(known, default=None)),
        )

    def _waits(self) -> Exhibit:
        words, usual = self._words, self._total.usual_wait
        by = dict(zip(WAITS, map(self._say.percent, self._total.answered_by), strict=True))
        places = [
            Place(words(f"numbers.wait.{wait}"), words(f"numbers.within.{wait}"), Sums({"answers": self._total[wait]}))
            for wait in WAITS
        ]
        head, lines = self._table("time", places, self._columns(["answers"]))
        shown = [[*line, by_then] for line, by_then in zip(lines, by.values(), strict=True)]
        return self._exhibit(
            self._bars("waits", places, ["answers"], over=tuple(by.values())),
            ([*head, words("numbers.column.by_then")], shown),
            within=words(f"numbers.within.{usual}") if usual else NONE,
            hour=by["within_1h"],
            day=by["within_1d"],
        )

    def _replies_by_hour(self) -> Exhibit:
        busiest = max(self._hours, key=lambda place: place.sums["decided"] + place.sums["unclear"])
        return self._exhibit(
            self._bars("hours", self._hours, REPLIES),
            self._table("hour", self._hours, self._columns(REPLIES)),
            hour=busiest.name,
        )

    def _segments(self) -> Exhibit:
        columns: Columns = {
            **self._columns(["texts", "segments"]),
            "per_text": lambda sums: self._say.average(sums.segments_per_text),
        }
        return self._exhibit(
            self._bars("segments", self._weeks, ["segments"]), self._table("week", self._weeks, columns)
        )

    def _columns(self, counts: Sequence[str]) -> Columns:
        return {name: self._column(name) for name in counts}

    def _column(self, count: str) -> Column:
        return lambda sums: self._say.number(sums[count])

    def _table(self, first: str, places: Sequence[Place], columns: Columns) -> tuple[list[str], list[list[str]]]:
        head = [self._words(f"numbers.column.{name}") for name in (first, *columns)]
        return head, [[place.name, *(column(place.sums) for column in columns.values())] for place in places]

    def _bars(self, name: str, places: Sequence[Place], counts: Sequence[str], over: tuple[str, ...] = ()) -> Plot:
        highest = max(sum(place.sums[count] for count in counts) for place in places)
        ticks = [(value, self._say.number(value)) for value in steps(highest)]
        values = {count: [place.sums[count] for place in places] for count in counts}
        return self._plot(name, places, values, ticks=ticks, over=over)

    def _plot(
        self,
        name: str,
        places: Sequence[Place],
        values: Mapping[str, Values],
        *,
        ticks: Sequence[tuple[float, str]],
        shape: Shape = Shape.BARS,
        over: tuple[str, ...] = (),
    ) -> Plot:
        return Plot(
            name,
            title=self._words(f"numbers.plot.{name}"),
            shape=shape,
            labels=tuple(place.label for place in places),
            series=tuple(Series(self._words(f"numbers.column.{one}"), tuple(of)) for one, of in values.items()),
            ticks=tuple(ticks),
            nothing=self._words("numbers.no_values"),
            over=over,
        )

    def _exhibit(self, plot: Plot, table: tuple[list[str], list[list[str]]], **said: str) -> Exhibit:
        totals = {name: self._say.number(count) for name, count in self._total.counts.items()}
        return Exhibit(
            plot=plot,
            alt=self._words(f"numbers.alt.{plot.name}", **{**totals, "n": len(self._weeks), **said}),
            note=self._words(f"numbers.note.{plot.name}"),
            head=table[0],
            lines=table[1],
        )
