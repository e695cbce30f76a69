"""One booking as a dated story: its own facts and those of its conversation that speak of it, in the log's order."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from adapters.storage.views import BookingRow
from domain.booking import Booking
from domain.conversation_facts import Started
from domain.errors import ReplyesError
from domain.facts import Fact, Private
from entrypoints.causes import Cause, causes
from entrypoints.logs import mask, mask_address, without_links
from entrypoints.store import Store

SHOWN: Mapping[str, Callable[[str], str]] = {"phone": mask, "email": mask_address}  # other words without links
HEAD = ("at", "event", "stream", "version", "because")
UNTOLD = (
    "originator_id",
    "originator_version",
    "originator_topic",
    "timestamp",
    "command",
    "bookings",
    "clinic",
    "uid",
)


@dataclass(frozen=True)
class Story:
    """`state` is the booking's after the last of the events."""

    uid: str
    clinic: str
    state: str
    events: list[dict[str, Any]]


async def stories(store: Store, uid: str, until: datetime | None = None) -> list[Story]:
    """The story of every booking with this uid: one for each clinic that has it. Raises ReplyesError for none."""
    rows = await store.views.bookings_of(uid) if uid.isascii() else []
    if not rows:
        raise ReplyesError(f"there is no booking {uid}; `replyes bookings` lists them")
    return [await story(store, row, until) for row in rows]


def document(stories: list[Story]) -> dict[str, Any] | list[dict[str, Any]]:
    """As JSON: an object, or a list of them where several clinics have the uid."""
    told = [asdict(story) for story in stories]
    return told[0] if len(told) == 1 else told


async def story(store: Store, row: BookingRow, until: datetime | None = None) -> Story:
    """Everything that happened to this booking, up to a moment if one is given."""
    told = [fact for fact in await facts_about(store, row) if until is None or fact.timestamp <= until]
    booking = as_it_was(told, row.stream)
    state = str(booking.state) if booking else "unknown"
    return Story(row.uid, row.clinic, state, [event(*one) for one in zip(told, causes(told), strict=True)])


async def facts_about(store: Store, row: BookingRow) -> list[Fact]:
    """Every fact that speaks of this booking, in the log's order."""
    facts = await store.ledger.about(row.stream, row.conversation)
    return [fact for fact in facts if _speaks_of(fact, row.stream)]


def as_it_was(facts: Sequence[Fact], stream: str) -> Booking | None:
    """The booking after the last of these facts, by replaying them; None before its first."""
    booking: Booking | None = None
    for fact in facts:
        if fact.originator_id == stream:
            booking = fact.mutate(booking)
    return booking


def lines(story: Story) -> list[str]:
    """The story for a person to read."""
    told = [f"{story.uid} (clinic {story.clinic}): {story.state}"]
    for event in story.events:
        details = {name: value for name, value in event.items() if name not in HEAD}
        rest = "  ".join(f"{name}={value}" for name, value in details.items() if value not in (None, "", []))
        rest += f"  because={_in_words(event['because'])}"
        told.append(f"{event['at']}  {event['stream']:<12} {event['version']:>3}  {event['event']:<22} {rest}".rstrip())
    return told


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _speaks_of(fact: Fact, stream: str) -> bool:
    if isinstance(fact, Started):
        return False
    return fact.originator_id == stream or stream in getattr(fact, "bookings", ())


def event(fact: Fact, cause: Cause) -> dict[str, Any]:
    """A fact as JSON values, with what led to it: its `source`, and the fact before it, if there is one."""
    details = {name: _readable(name, value) for name, value in vars(fact).items() if name not in UNTOLD}
    return {
        "at": iso(fact.timestamp),
        **_named(fact),
        **details,
        "because": {"source": str(cause.source), **(_named(cause.fact) if cause.fact else {})},
    }


def name_of(fact: Fact) -> str:
    """The fact's name, as "sms_sent"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(fact).__name__).lower()


def _named(fact: Fact) -> dict[str, Any]:
    stream = fact.originator_id.split("-", 1)[0]
    return {"event": name_of(fact), "stream": stream, "version": fact.originator_version}


def _in_words(because: Mapping[str, Any]) -> str:
    led = f":{because['event']}#{because['version']}" if "event" in because else ""
    return f"{because['source']}{led}"


def _readable(name: str, value: Any) -> Any:
    if isinstance(value, Private):
        return SHOWN.get(name, without_links)(value.text) if value.text is not None else "(erased)"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, list):
        return [_readable(name, one) for one in value]
    return value
