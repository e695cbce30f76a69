"""Reading Twilio's list of messages. It has the newest first, and lags by minutes, at times by hours."""

import logging
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from adapters.twilio.settings import TwilioSettings
from adapters.twilio.values import E164, LONGEST_RECIPIENT, LONGEST_TEXT, MESSAGE_SID, cleaned, moment, pictures
from domain.inbound import InboundText
from domain.ports import FoundText, OutgoingText

Message = dict[str, Any]

logger = logging.getLogger("replyes.twilio")


@dataclass(frozen=True)
class Listed:
    """What was read of the list. `is_whole` is False where the list goes on beyond that."""

    messages: list[Message]
    is_whole: bool


def messages_of(page: dict[str, Any]) -> list[Message]:
    """The messages on a page. ValueError where it can't be read."""
    messages = page.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ValueError("not a page of messages")
    return messages


def copies(messages: list[Message], text: OutgoingText, since: datetime) -> list[FoundText]:
    """The messages that say the same to the same phone, oldest first. ValueError where one of them can't be read."""
    found = {}  # by id: the list moves on while its pages are read
    for message in messages:
        if _is_copy(message, text):
            copy = FoundText(_sid(message), moment(message.get("date_created")))
            found[copy.message_id] = copy
    recent = [copy for copy in found.values() if copy.created_at >= _second(since)]
    return sorted(recent, key=lambda copy: copy.created_at)


def _is_copy(message: Message, text: OutgoingText) -> bool:
    return (
        message.get("to") == text.to
        and message.get("body") == text.body
        and str(message.get("direction")).startswith("outbound")
    )


def received(messages: list[Message], settings: TwilioSettings, since: datetime) -> list[InboundText]:
    """The texts that phones have sent to us, oldest first, each id once. One that can't be read must not hide the
    others: it is left out, and the log tells how many were."""
    found: dict[str, tuple[datetime, InboundText]] = {}
    unreadable = 0
    for message in reversed(messages):
        if not _is_for_us(message, settings):
            continue
        try:
            sent_at, text = _received(message)
        except ValueError:
            unreadable += 1
            continue
        if sent_at >= _second(since):
            found.setdefault(text.message_id, (sent_at, text))
    if unreadable:
        logger.warning("Twilio's list: %d received texts cannot be read", unreadable)
    return [text for _, text in sorted(found.values(), key=itemgetter(0))]


def _is_for_us(message: Message, settings: TwilioSettings) -> bool:
    """Whether a phone sent it to our sender. The account may have other numbers, and a NO there is no answer to us."""
    if message.get("direction") != "inbound" or not E164.fullmatch(str(message.get("from"))):
        return False
    if settings.service:
        return bool(message.get("messaging_service_sid") == settings.service)
    return bool(message.get("to") == settings.sender)


def _received(message: Message) -> tuple[datetime, InboundText]:
    """The text and its date: for one that came in, `date_sent` is when Twilio told us of it."""
    sent_at = moment(message.get("date_sent") or message.get("date_created"))
    body = message.get("body")
    return sent_at, InboundText(
        message_id=_sid(message),
        sender=str(message.get("from")),
        recipient=cleaned(str(message.get("to")), LONGEST_RECIPIENT),
        text=cleaned(body, LONGEST_TEXT) if isinstance(body, str) else "",
        pictures=pictures(str(message.get("num_media"))),
        sent_at=sent_at,
    )


def _sid(message: Message) -> str:
    sid = str(message.get("sid"))
    if not MESSAGE_SID.fullmatch(sid):
        raise ValueError("a message without an id")
    return sid


def _second(moment: datetime) -> datetime:
    """Twilio's dates have whole seconds."""
    return moment.replace(microsecond=0)
