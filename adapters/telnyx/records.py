"""Reading Telnyx's message detail records: the only list of messages that it has, and one without their words.

A record holds `uuid` (the message's id), `cli` and `cld` (from, to), `created_at`, `direction`, and
`delivery_status_webhook_url`: the URL that was given for the reports, which has our key in it. Source: the model
MessageDetailRecord of telnyx-python 4.189.0. How far the records lag is not documented.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.telnyx.settings import TelnyxSettings
from adapters.telnyx.values import E164, MESSAGE_ID, Json, as_object, keys_in, moment
from domain.ports import FoundText, OutgoingText

PAGE_SIZE = 50  # Telnyx's own maximum

logger = logging.getLogger("replyes.telnyx")


@dataclass(frozen=True)
class Listed:
    """What was read of the records. `is_whole` is False where the list goes on beyond that."""

    records: list[Json]
    is_whole: bool


@dataclass(frozen=True)
class Heard:
    """A message that was taken in; its words have to be asked for."""

    message_id: str
    created_at: datetime


def outbound_to(phone: str, since: datetime) -> dict[str, str]:
    """The query for what was sent to a phone. Dates can be asked for by whole days."""
    return {**_query("outbound", since), "filter[cld]": phone}


def inbound_for(settings: TelnyxSettings, since: datetime) -> dict[str, str]:
    """The query for what our sender has received."""
    if settings.profile:
        return {**_query("inbound", since), "filter[profile_id]": settings.profile}
    return {**_query("inbound", since), "filter[cld]": settings.sender}


def _query(direction: str, since: datetime) -> dict[str, str]:
    return {
        "filter[record_type]": "messaging",
        "filter[direction]": direction,
        "filter[created_at][gte]": since.astimezone(UTC).date().isoformat(),
        "sort": "-created_at",
        "page[size]": str(PAGE_SIZE),
    }


def records_of(page: Json) -> list[Json]:
    """The records on a page. ValueError where it can't be read."""
    records = page.get("data")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ValueError("not a page of records")
    return records


def is_last(page: Json, number: int) -> bool:
    """Whether the list ends on this page, counted from 1."""
    total = as_object(page.get("meta")).get("total_pages")
    return not isinstance(total, int) or number >= total


def copies(records: list[Json], text: OutgoingText, since: datetime) -> list[FoundText]:
    """The records whose reports go to this errand's URL, oldest first. ValueError where one of them can't be read."""
    ours = (record for record in records if text.key in keys_in(record.get("delivery_status_webhook_url")))
    found = {copy.message_id: copy for copy in map(_heard, ours) if copy.created_at >= _second(since)}
    return [FoundText(copy.message_id, copy.created_at) for copy in _oldest_first(found.values())]


def heard(records: list[Json], since: datetime) -> list[Heard]:
    """What phones have sent since then, oldest first, each id once. A record that can't be read must not hide the
    others: it is left out, and the log tells how many were."""
    found: dict[str, Heard] = {}
    unreadable = 0
    for record in records:
        if not E164.fullmatch(str(record.get("cli"))):
            continue
        try:
            one = _heard(record)
        except ValueError:
            unreadable += 1
            continue
        if one.created_at >= _second(since):
            found[one.message_id] = one
    if unreadable:
        logger.warning("Telnyx's records: %d received texts cannot be read", unreadable)
    return _oldest_first(found.values())


def _heard(record: Json) -> Heard:
    message_id = record.get("uuid")
    if not isinstance(message_id, str) or not MESSAGE_ID.fullmatch(message_id):
        raise ValueError("a record without an id")
    return Heard(message_id, moment(record.get("created_at")))


def _oldest_first(found: Iterable[Heard]) -> list[Heard]:
    return sorted(found, key=lambda one: one.created_at)


def _second(moment: datetime) -> datetime:
    """The records' dates have whole seconds."""
    return moment.replace(microsecond=0)
