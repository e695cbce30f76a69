"""Reading Telnyx's message detail records: the only list of messages that it has, and one without their words.

A record holds `uuid` (the message's id), `cli` and `cld` (from, to), `created_at`, `direction`, and
`delivery_status_webhook_url`: the URL that was given for the reports, which has our key in it. Source: the model
MessageDetailRecord of telnyx-python 4.189.0. How far the records lag is not documented.
"""

import logging
from datetime import UTC, datetime

from adapters.common.listing import Reading, Received, page_of, second_of
from adapters.common.values import E164, Json, as_object, matching, moment
from adapters.telnyx.settings import TelnyxSettings
from adapters.telnyx.values import MESSAGE_ID, keys_in
from domain.ports import FoundText, OutgoingText

PAGE_SIZE = 50  # Telnyx's own maximum

logger = logging.getLogger("replyes.telnyx")


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
    return page_of(page.get("data"))


def is_last(page: Json, number: int) -> bool:
    """Whether the list ends on this page, counted from 1."""
    total = as_object(page.get("meta")).get("total_pages")
    return not isinstance(total, int) or number >= total


def copies(records: list[Json], text: OutgoingText, since: datetime) -> list[FoundText]:
    """The records whose reports go to this errand's URL, oldest first. ValueError where one of them can't be read."""
    ours = (record for record in records if text.key in keys_in(record.get("delivery_status_webhook_url")))
    found = {copy.message_id: copy for copy in map(_found, ours) if copy.created_at >= second_of(since)}
    return sorted(found.values(), key=lambda copy: copy.created_at)


def _from_a_phone(record: Json) -> Reading[FoundText] | None:
    """A message that was taken in; its words have to be asked for."""
    if not E164.fullmatch(str(record.get("cli"))):
        return None
    one = _found(record)
    return one.created_at, one.message_id, one


def _found(record: Json) -> FoundText:
    message_id = matching(MESSAGE_ID, record.get("uuid"))
    if message_id is None:
        raise ValueError("a record without an id")
    return FoundText(message_id, moment(record.get("created_at")))


HEARD = Received("Telnyx's list", _from_a_phone, logger)
