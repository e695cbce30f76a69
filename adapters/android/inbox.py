"""Reading the gateway's list of received texts. Older apps and servers have none; MMS are not asked for, because the
list knows them by another id than the webhooks do."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

from adapters.android.phones import e164
from adapters.android.values import LONGEST_RECIPIENT, LONGEST_TEXT, Json, cleaned, inbound_id, moment
from domain.inbound import InboundText

PAGE_SIZE = 500  # the gateway's own maximum

logger = logging.getLogger("replyes.android")


@dataclass(frozen=True)
class Listed:
    """What was read of the list. `is_whole` is False where the list goes on beyond that."""

    messages: list[Json]
    is_whole: bool


def query(since: datetime, offset: int) -> dict[str, str]:
    """The query for a page of texts, which begins behind the first `offset` of them."""
    begins = since.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    return {"type": "SMS", "from": begins, "limit": str(PAGE_SIZE), "offset": str(offset)}


def messages_of(page: object) -> list[Json]:
    """The messages on a page. ValueError where it can't be read."""
    if not isinstance(page, list) or not all(isinstance(message, dict) for message in page):
        raise ValueError("not a page of messages")
    return page


def received(messages: list[Json], region: str | None, since: datetime) -> list[InboundText]:
    """The texts that phones have sent to us, oldest first, each id once. One that can't be read must not hide the
    others: it is left out, and the log tells how many were."""
    found: dict[str, tuple[datetime, InboundText]] = {}
    unreadable = 0
    for message in reversed(messages):
        sender = e164(message.get("sender"), region)
        if message.get("type") != "SMS" or sender is None:
            continue
        try:
            sent_at, text = _received(message, sender)
        except ValueError:
            unreadable += 1
            continue
        if sent_at >= since.replace(microsecond=0):
            found.setdefault(text.message_id, (sent_at, text))
    if unreadable:
        logger.warning("the gateway's list: %d received texts cannot be read", unreadable)
    return [text for _, text in sorted(found.values(), key=itemgetter(0))]


def _received(message: Json, sender: str) -> tuple[datetime, InboundText]:
    """The text and its date, which is the one that the network gave it. ValueError where it can't be read, as when the
    phone has encrypted it for the cloud."""
    sent_at = moment(message.get("createdAt"))
    message_id, words = inbound_id(message.get("id"), sent_at), message.get("contentPreview")
    if message_id is None or message.get("isEncrypted") or not isinstance(words, str):
        raise ValueError("no text that can be read")
    return sent_at, InboundText(
        message_id=message_id,
        sender=sender,
        recipient=cleaned(message.get("recipient"), LONGEST_RECIPIENT),
        text=cleaned(words, LONGEST_TEXT),
        sent_at=sent_at,
    )
