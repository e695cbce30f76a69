"""`replyes outbox`: what is still to be done outside, and what a person does about an errand that is stuck. Phones are
masked."""

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from adapters.storage.views import ErrandRow, ShutChannel
from domain.errors import ReplyesError
from domain.facts import booking_id
from domain.handling import Handling
from domain.outcomes import TextOutcomes
from entrypoints.logs import mask
from entrypoints.store import Store
from entrypoints.wiring import clock

SHOWN = 12  # characters of an errand's key in the list
BEGINNING = re.compile(r"[0-9a-f]{6,32}", re.ASCII)
HEAD = ("ID", "KIND", "STATUS", "BOOKINGS", "DUE", "ATTEMPTS", "NOTE")
WHO = "command line"  # in the log
FREE = ("text", "note", "why")  # what may hold a phone number


async def look(store: Store, *, dead: bool) -> tuple[list[ErrandRow], list[ShutChannel], set[str]]:
    """The errands, or only those that are claimed no more; the channels that are shut; and all clinics that there
    are."""
    rows = [row for row in await store.views.errands() if row.status == "dead" or not dead]
    return rows, await store.views.shut_channels(clock()), {*store.clinics, *(row.clinic for row in rows)}


async def find(store: Store, beginning: str) -> ErrandRow:
    """The errand whose key begins like this. Raises ReplyesError where that is none, or several."""
    if not BEGINNING.fullmatch(beginning.lower()):
        raise ReplyesError(f"{mask(beginning)} is no ID; give at least 6 of the digits that `replyes outbox` shows")
    rows = await store.views.errands(beginning.lower())
    if not rows:
        raise ReplyesError(f"there is no errand {beginning}; `replyes outbox` lists them")
    if len(rows) > 1:
        raise ReplyesError(f"{len(rows)} errands begin with {beginning}; give more of the ID")
    return rows[0]


async def retry(store: Store, beginning: str) -> str:
    """Let a worker take it now; returns what was done."""
    row = await _find_ours(store, beginning)
    await _handling(store).retry(row.errand, WHO, clock())
    what = "it is looked up again" if row.attempted_at else "a worker takes it now"
    return f"{row.kind} {row.errand}: {what}"


async def resolve(store: Store, beginning: str, fate: str) -> str:
    """Note what a person knows of a text in doubt: "sent" or "unsent"; returns what was done."""
    row, handling = await _find_ours(store, beginning), _handling(store)
    if fate == "sent":
        await handling.sent(row.errand, WHO, clock())
        return f"{row.kind} {row.errand}: noted as sent"
    await handling.unsent(row.errand, WHO, clock())
    return f"{row.kind} {row.errand}: noted as not sent, so it is sent now"


async def _find_ours(store: Store, beginning: str) -> ErrandRow:
    """Raises ReplyesError also where no worker would take it."""
    row = await find(store, beginning)
    if row.clinic not in store.clinics:
        raise ReplyesError(f"{row.kind} {row.errand} belongs to clinic {row.clinic}, which the settings do not know")
    return row


def _handling(store: Store) -> Handling:
    return Handling(TextOutcomes(store.ledger, store.clinics), store.outbox, store.views)


# -- How they are shown -------------------------------------------------------------------------------------------


def document(rows: Sequence[ErrandRow], shut: Sequence[ShutChannel]) -> dict[str, Any]:
    """One JSON object; moments are ISO 8601 in UTC."""
    now = clock()
    errands = [{**_shown(row), "status": status(row, now), "in_doubt": row.attempted_at is not None} for row in rows]
    return {"errands": errands, "channels": [_shown(channel) for channel in shut]}


def lines(rows: Sequence[ErrandRow], shut: Sequence[ShutChannel], clinics: Collection[str] = ()) -> list[str]:
    """One line an errand, in columns, with its clinic where there are several; and below them one for each channel that
    is shut."""
    now, several = clock(), len(clinics) > 1
    head = (HEAD[0], "CLINIC", *HEAD[1:]) if several else HEAD
    cells = [head, *(_cells(row, now, several=several) for row in rows)] if rows else [("no errands",)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    told = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return told + [
        f"shut: {one.channel} of clinic {one.clinic} until {_moment(one.shut_until)}  {_readable(mask(one.why))}"
        for one in shut
    ]


def details(row: ErrandRow) -> list[str]:
    """Everything about one errand."""
    shown = {**_shown(row), "status": status(row, clock())}
    width = max(len(name) for name in shown)
    return [f"{name:<{width}}  {_readable(value)}".rstrip() for name, value in shown.items()]


def status(row: ErrandRow, now: datetime) -> str:
    """How it stands, in a word or two."""
    if row.in_hand:
        return "in hand"
    doubt = row.attempted_at is not None
    if row.status == "dead":
        return "dead, in doubt" if doubt else "dead"
    if doubt:
        return "in doubt"
    return "waits" if row.due_at and row.due_at > now else "due"


def _cells(row: ErrandRow, now: datetime, *, several: bool) -> tuple[str, ...]:
    uids = ", ".join(_uids(row)) or "-"
    due = _moment(row.due_at) if row.due_at else "at once"
    key, note = row.errand[:SHOWN], _readable(mask(row.note))
    whose = (row.clinic,) if several else ()
    return key, *whose, row.kind, status(row, now), uids, due, str(row.attempts), note


def _uids(row: ErrandRow) -> list[str]:
    return [stream.removeprefix(booking_id(row.clinic, "")) for stream in row.bookings]


def _shown(row: ErrandRow | ShutChannel) -> dict[str, Any]:
    shown = {name: _as_json(mask(value) if name in FREE else value) for name, value in asdict(row).items()}
    if isinstance(row, ErrandRow):
        shown["bookings"] = _uids(row)
    return shown


def _as_json(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _readable(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "-" if value is None or value == "" else str(value).replace("\n", "\\n")


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "-"
