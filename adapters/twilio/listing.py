"""Reading Twilio's list of messages. It has the newest first, and lags by minutes, at times by hours."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

from adapters.common.listing import Reading, Received, page_of, second_of
from adapters.common.senders import is_name, is_same
from adapters.common.values import LONGEST_RECIPIENT, LONGEST_TEXT, Json, cleaned
from adapters.common.whatsapp import blanks_of
from adapters.twilio.settings import TwilioSettings
from adapters.twilio.values import MESSAGE_SID, WHATSAPP, address, moment, phone_in, pictures
from domain.inbound import InboundText
from domain.ports import FoundText, OutgoingText
from domain.ways import Way

LARGEST_PAGE = 1000  # Twilio's own maximum

logger = logging.getLogger("replyes.twilio")


def messages_of(page: Json) -> list[Json]:
    """The messages on a page. ValueError where it can't be read."""
    return page_of(page.get("messages"))


def copies(messages: list[Json], text: OutgoingText, settings: TwilioSettings, since: datetime) -> list[FoundText]:
    """The messages of our sender that say the same to the same phone, oldest first. ValueError where one of them can't
    be read."""
    found = {}  # by id: the list moves on while its pages are read
    for message in messages:
        if _is_copy(message, text) and _is_from_us(message, text, settings):
            copy = FoundText(_sid(message), moment(message.get("date_created")))
            found[copy.message_id] = copy
    recent = [copy for copy in found.values() if copy.created_at >= second_of(since)]
    return sorted(recent, key=lambda copy: copy.created_at)


def _is_copy(message: Json, text: OutgoingText) -> bool:
    is_ours = message.get("to") == address(text.to, text.by) and str(message.get("direction")).startswith("outbound")
    return is_ours and _says(str(message.get("body")), text)


def _is_from_us(message: Json, text: OutgoingText, settings: TwilioSettings) -> bool:
    """The account may have other senders, and another clinic's acknowledgement may say the same to the same phone."""
    if text.by is Way.WHATSAPP:
        return not settings.whatsapp or message.get("from") in (None, WHATSAPP + settings.whatsapp.sender)
    if settings.service:
        return message.get("messaging_service_sid") in (None, settings.service)
    return message.get("from") in (None, settings.sender)


def _says(body: str, text: OutgoingText) -> bool:
    """Whether a body is the text's. Of approved words only the blanks are known here: each has to stand in it."""
    if text.by is Way.WHATSAPP and text.blanks:
        return all(blank in body for blank in blanks_of(text))
    return body == text.body


def queries(settings: TwilioSettings, since: datetime) -> Iterator[dict[str, str]]:
    """The queries for what our senders have received; none where nobody can answer to them. The list can be filtered
    by whole days only, and To takes one number: a service has several, and its list holds WhatsApp's as well."""
    query = {"DateSent>": since.astimezone(UTC).date().isoformat(), "PageSize": str(LARGEST_PAGE)}
    if settings.service:
        yield query
        return
    if not is_name(settings.sender):
        yield {**query, "To": settings.sender}
    if settings.whatsapp:
        yield {**query, "To": WHATSAPP + settings.whatsapp.sender}


def received_by(settings: TwilioSettings) -> Received[InboundText]:
    """How to read the texts that phones have sent to our senders. Of one second, the list's last is the oldest."""
    return Received("Twilio's list", lambda message: _read(message, settings), logger)


def _read(message: Json, settings: TwilioSettings) -> Reading[InboundText] | None:
    """The text and its date: for one that came in, `date_sent` is when Twilio told us of it."""
    sender = phone_in(str(message.get("from")))
    recipient, pool = str(message.get("to")), cleaned(message.get("messaging_service_sid"), LONGEST_RECIPIENT)
    if sender is None or message.get("direction") != "inbound" or not is_ours(settings, sender[1], recipient, pool):
        return None
    sent_at = moment(message.get("date_sent") or message.get("date_created"))
    text = InboundText(
        message_id=_sid(message),
        sender=sender[0],
        recipient=cleaned(recipient.removeprefix(WHATSAPP), LONGEST_RECIPIENT),
        text=cleaned(message.get("body"), LONGEST_TEXT),
        pictures=pictures(str(message.get("num_media"))),
        sent_at=sent_at,
        by=sender[1],
        pool=pool,
    )
    return sent_at, text.message_id, text


def is_ours(settings: TwilioSettings, by: Way, recipient: str, pool: str) -> bool:
    """Whether a text came to our sender. The account may have other numbers, and a NO there is no answer to us."""
    if by is Way.WHATSAPP:
        return settings.whatsapp is not None and is_same(recipient.removeprefix(WHATSAPP), settings.whatsapp.sender)
    return pool == settings.service if settings.service else is_same(recipient, settings.sender)


def _sid(message: Json) -> str:
    sid = str(message.get("sid"))
    if not MESSAGE_SID.fullmatch(sid):
        raise ValueError("a message without an id")
    return sid
