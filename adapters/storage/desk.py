"""Questions of the desk. Each reads along an index, and no more rows than it shows, however many bookings there are: a
page goes on behind the last row of the page before.

A `mark` is that last row: the column by which the page is ordered, and the key.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.storage.database import Database, Row, milliseconds, moment
from adapters.storage.rows import item
from adapters.storage.search_keys import NAMES, end_of, folded, phone_backwards
from adapters.storage.views import BookingRow, ErrandRow, booking_row, errand_row
from domain.facts import booking_id
from domain.inbox import Care, Item

ENOUGH = 1000  # matches of a search: nobody reads more, people type more
FEWEST_DIGITS, MOST_DIGITS = 3, 5
NEARLY_ALL = 9  # digits: who types fewer is not led from the end of a number to all of it, one digit after the other
FAR = 1 << 62

# Looked up for each row that is shown. Of EXISTS, PostgreSQL would rather make a table of all items.
NEEDS_YOU = """
(SELECT 1 FROM staff_inbox_bookings AS about
 JOIN staff_inbox ON staff_inbox.stream = about.stream AND staff_inbox.version = about.version
 WHERE about.booking = bookings.stream AND staff_inbox.care <> 'done' LIMIT 1) IS NOT NULL
"""
DAY = f"""
SELECT bookings.*, {NEEDS_YOU} AS needs_you FROM bookings
WHERE clinic = :clinic AND (starts_at, stream) > (:at, :stream) AND starts_at < :until
  AND (:anything = 1 OR state IN ({{states}})) AND (:needing = 0 OR {NEEDS_YOU})
ORDER BY starts_at, stream LIMIT :limit
"""  # noqa: S608 - words of ours
# First the day, then its states: in the order of the states, SQLite would walk through all days.
COUNT_DAY = f"""
WITH day AS MATERIALIZED (
    SELECT state, {NEEDS_YOU} AS needs_you FROM bookings
    WHERE clinic = :clinic AND starts_at >= :since AND starts_at < :until
)
SELECT state, count(*) AS n, sum(CASE WHEN needs_you THEN 1 ELSE 0 END) AS needing FROM day GROUP BY state
"""  # noqa: S608
NEXT_START = """
SELECT starts_at FROM bookings WHERE clinic = :clinic AND starts_at >= :at ORDER BY starts_at, stream LIMIT 1
"""
LATEST = f"""
SELECT bookings.*, {NEEDS_YOU} AS needs_you FROM bookings
WHERE clinic = :clinic AND (starts_at, stream) < (:at, :stream) ORDER BY starts_at DESC, stream DESC LIMIT :limit
"""  # noqa: S608
LATEST_OF_STATE = LATEST.replace("clinic = :clinic", "clinic = :clinic AND state = :state")
MATCHES = """
SELECT stream, starts_at, state FROM (SELECT stream, starts_at, state FROM bookings WHERE clinic = :clinic
    AND {column} >= :{column} AND {column} < :{column}_end ORDER BY {column} LIMIT :enough) AS {column}s
"""
OF_UID = "SELECT stream, starts_at, state FROM bookings WHERE stream = :uid_stream"
COUNT_MATCHES = "SELECT count(*) AS n FROM ({matches}) AS counted"
FOUND = f"""
SELECT bookings.*, {NEEDS_YOU} AS needs_you FROM (
    SELECT stream FROM ({{matches}}) AS matching
    WHERE (:state = '' OR state = :state) AND (starts_at, stream) < (:at, :stream)
    ORDER BY starts_at DESC, stream DESC LIMIT :limit
) AS shown JOIN bookings ON bookings.stream = shown.stream ORDER BY starts_at DESC, bookings.stream DESC
"""  # noqa: S608
LINES = f"SELECT bookings.*, {NEEDS_YOU} AS needs_you FROM bookings WHERE stream IN ({{streams}})"  # noqa: S608
NEEDING = """
SELECT * FROM staff_inbox WHERE clinic = :clinic AND care <> 'done'
  AND (:anything = 1 OR reason IN ({reasons}))
  AND (at, stream, version) > (:at, :stream, :version)
ORDER BY at, stream, version LIMIT :limit
"""
DONE = """
SELECT * FROM staff_inbox WHERE clinic = :clinic AND care = 'done'
  AND (cared_at, stream, version) < (:at, :stream, :version)
ORDER BY cared_at DESC, stream DESC, version DESC LIMIT :limit
"""
INBOX_SIZE = """
SELECT count(*) AS n FROM (SELECT 1 FROM staff_inbox WHERE clinic = :clinic AND care <> 'done' LIMIT :enough) AS counted
"""
COUNT_INBOX = "SELECT reason, count(*) AS n FROM staff_inbox WHERE clinic = :clinic AND care <> 'done' GROUP BY reason"
ITEMS_OF = """
SELECT staff_inbox.* FROM staff_inbox_bookings AS about
JOIN staff_inbox ON staff_inbox.stream = about.stream AND staff_inbox.version = about.version
WHERE about.booking = :booking ORDER BY at, staff_inbox.stream, staff_inbox.version
"""
WHICH = {
    "": "",
    "dead": "AND status = 'dead'",
    "in_doubt": "AND attempts > 0 AND attempted_at IS NOT NULL AND lease_until <= {now}",
    "retried": "AND attempts > 0 AND status = 'due'",
}
ERRANDS = """
SELECT outbox.*, lease_until > {now} AS in_hand FROM outbox
WHERE clinic = :clinic AND (queued_at, errand) > (:at, :errand) {which}
ORDER BY queued_at, errand LIMIT :limit
"""
COUNT_ERRANDS = """
SELECT count(*) AS n FROM (SELECT 1 FROM outbox WHERE clinic = :clinic {which} LIMIT :enough) AS counted
"""
NUMBERS = "SELECT * FROM numbers WHERE clinic = :clinic AND slot >= :since AND slot < :until ORDER BY slot"


@dataclass(frozen=True)
class Mark:
    """The last row of a page: its moment in milliseconds, its key, and for the inbox its version."""

    at: int
    key: str = ""
    version: int = 0


@dataclass(frozen=True)
class Line:
    """A booking in a list, and whether an item of the inbox is about it."""

    booking: BookingRow
    needs_you: bool

    @property
    def mark(self) -> Mark:
        return Mark(milliseconds(self.booking.starts_at) or 0, self.booking.stream)


@dataclass(frozen=True)
class Entry:
    """An item of the inbox with its dates; `who` is "" while nobody has taken care of it."""

    item: Item
    who: str
    cared_at: datetime | None

    @property
    def at(self) -> datetime:
        return self.item.at

    @property
    def mark(self) -> Mark:
        moment = self.cared_at if self.item.care is Care.DONE else self.at
        return Mark(milliseconds(moment) or 0, self.item.stream, self.item.version)


class DeskViews:
    """What the desk shows of one clinic. `after` is the mark behind which a page begins, None for the first one."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def day(
        self,
        clinic: str,
        span: tuple[datetime, datetime],
        *,
        states: Sequence[str] = (),
        needing: bool = False,
        after: Mark | None = None,
        limit: int,
    ) -> list[Line]:
        """The bookings that begin in the span, in the order of their starts; only in these states, if there are any."""
        since, until = milliseconds(span[0]) or 0, milliseconds(span[1])
        mark = after if after and after.at >= since else Mark(since)
        listed, named = _listed("state", states)
        filters = {"clinic": clinic, "until": until, "anything": int(not states), **named, "needing": int(needing)}
        sql = DAY.replace("{states}", listed)
        found = await self.database.read(sql, **filters, **_behind(mark), limit=limit)
        return [_line(row) for row in found]

    async def day_counts(self, clinic: str, span: tuple[datetime, datetime]) -> dict[str, int]:
        """How many bookings of the span are in each state; "needs_you" how many of them have an item."""
        found = await self.database.read(COUNT_DAY, clinic=clinic, **_span(span))
        counts = {row["state"]: int(row["n"]) for row in found}
        return {**counts, "needs_you": sum(int(row["needing"]) for row in found)}

    async def next_start(self, clinic: str, at: datetime) -> datetime | None:
        """When the next booking begins, from this moment on."""
        found = await self.database.read(NEXT_START, clinic=clinic, at=milliseconds(at))
        return moment(found[0]["starts_at"]) if found else None

    async def latest(self, clinic: str, *, state: str = "", after: Mark | None = None, limit: int) -> list[Line]:
        """All bookings, the latest start first."""
        mark = after or Mark(FAR)
        sql = LATEST_OF_STATE if state else LATEST
        named = {"state": state} if state else {}
        return [
            _line(row) for row in await self.database.read(sql, **_behind(mark), clinic=clinic, **named, limit=limit)
        ]

    async def found(
        self, clinic: str, words: str, *, state: str = "", after: Mark | None = None, limit: int
    ) -> list[Line]:
        """The bookings whose uid is this, whose name has words that begin like this, or whose phone ends like this; the
        latest start first. Of very many matches only the first in the order of the names are looked at."""
        matches = {"uid": OF_UID} if words.isascii() and words.isprintable() else {}
        named: dict[str, Any] = {"uid_stream": booking_id(clinic, words)} if matches else {}
        for column, beginning in _beginnings(words).items():
            matches[column] = MATCHES.format(column=column)
            named |= {**_begins(column, beginning), "enough": ENOUGH, "clinic": clinic}
        if not matches:
            return []
        sql = FOUND.replace("{matches}", " UNION ".join(matches.values()))
        mark = after or Mark(FAR)
        found = await self.database.read(sql, **named, **_behind(mark), state=state, limit=limit)
        return [_line(row) for row in found]

    async def finds_too_many(self, clinic: str, words: str) -> bool:
        """Whether these words match more bookings than `found` looks at."""
        for column, beginning in _beginnings(words).items():
            sql = COUNT_MATCHES.replace("{matches}", MATCHES.format(column=column))
            named = {**_begins(column, beginning), "enough": ENOUGH + 1, "clinic": clinic}
            if (await self.database.read(sql, **named))[0]["n"] > ENOUGH:
                return True
        return False

    async def lines(self, streams: Iterable[str]) -> dict[str, Line]:
        """These bookings, by their streams."""
        listed, named = _listed("stream", dict.fromkeys(streams))
        found = await self.database.read(LINES.replace("{streams}", listed), **named)
        return {row["stream"]: _line(row) for row in found}

    async def booking(self, stream: str) -> Line | None:
        """One booking."""
        return (await self.lines([stream])).get(stream)

    async def inbox(
        self, clinic: str, *, reasons: Sequence[str] = (), after: Mark | None = None, limit: int
    ) -> list[Entry]:
        """What waits for a person, oldest first; only for these reasons, if there are any."""
        mark = after or Mark(-1)
        listed, names = _listed("reason", reasons)
        sql = NEEDING.replace("{reasons}", listed)
        where = {"at": mark.at, "stream": mark.key, "version": mark.version}
        found = await self.database.read(sql, clinic=clinic, anything=int(not reasons), **names, **where, limit=limit)
        return [_entry(row) for row in found]

    async def done(self, clinic: str, *, after: Mark | None = None, limit: int) -> list[Entry]:
        """What people are done with, the latest first."""
        mark = after or Mark(FAR)
        where = {"at": mark.at, "stream": mark.key, "version": mark.version}
        return [_entry(row) for row in await self.database.read(DONE, clinic=clinic, **where, limit=limit)]

    async def inbox_size(self, clinic: str) -> int:
        """How many items wait; 1000 stands for more."""
        return int((await self.database.read(INBOX_SIZE, clinic=clinic, enough=ENOUGH))[0]["n"])

    async def inbox_counts(self, clinic: str) -> dict[str, int]:
        """How many items wait, by reason."""
        return {row["reason"]: row["n"] for row in await self.database.read(COUNT_INBOX, clinic=clinic)}

    async def items_of(self, booking: str) -> list[Entry]:
        """Every item about this booking, oldest first."""
        return [_entry(row) for row in await self.database.read(ITEMS_OF, booking=booking)]

    async def errands(self, clinic: str, *, which: str = "", after: Mark | None = None, limit: int) -> list[ErrandRow]:
        """Errands without an outcome, oldest first; `which` is "", dead, in_doubt or retried."""
        mark = after or Mark(-1)
        sql = ERRANDS.replace("{which}", WHICH[which])
        found = await self.database.read(sql, clinic=clinic, at=mark.at, errand=mark.key, limit=limit)
        return [errand_row(row) for row in found]

    async def errand_counts(self, clinic: str) -> dict[str, int]:
        """How many errands have no outcome, in all ("") and by `which`; 1000 stands for more."""
        counts = {}
        for which, condition in WHICH.items():
            sql = COUNT_ERRANDS.replace("{which}", condition)
            counts[which] = int((await self.database.read(sql, clinic=clinic, enough=ENOUGH))[0]["n"])
        return counts

    async def numbers(self, clinic: str, span: tuple[datetime, datetime]) -> list[Mapping[str, int]]:
        """The half hours of the span in which anything happened, in order: `slot` is the beginning in milliseconds,
        the other columns are counts."""
        return await self.database.read(NUMBERS, clinic=clinic, **_span(span))


def errand_mark(errand: ErrandRow) -> Mark:
    """The mark of a row of the errands' page."""
    return Mark(milliseconds(errand.queued_at) or 0, errand.errand)


def _beginnings(words: str) -> dict[str, str]:
    """What each column would have to begin with."""
    found, digits = {}, phone_backwards(words)
    if name := folded(words):
        found = dict.fromkeys(NAMES, name)
    if len(digits) >= FEWEST_DIGITS:
        found["phone_key"] = digits if len(digits) >= NEARLY_ALL else digits[:MOST_DIGITS]
    return found


def _begins(column: str, beginning: str) -> dict[str, str]:
    return {column: beginning, f"{column}_end": end_of(beginning)}


def _listed(name: str, values: Iterable[str]) -> tuple[str, dict[str, str]]:
    """What stands in the brackets of IN, and the parameters that it names."""
    named = {f"{name}_{number}": str(value) for number, value in enumerate(values)}
    return ", ".join(f":{one}" for one in named) or "''", named


def _span(span: tuple[datetime, datetime]) -> dict[str, int | None]:
    return {"since": milliseconds(span[0]), "until": milliseconds(span[1])}


def _behind(mark: Mark) -> dict[str, Any]:
    return {"at": mark.at, "stream": mark.key}


def _line(row: Row) -> Line:
    return Line(booking_row(row), bool(row["needs_you"]))


def _entry(row: Row) -> Entry:
    return Entry(item(row), row["who"], moment(row["cared_at"]))
