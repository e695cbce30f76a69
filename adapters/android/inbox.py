"""Reading the gateway's list of received texts. Older apps and servers have none; MMS are not asked for, because the
list knows them by another id than the webhooks do."""

import logging
from datetime import UTC, datetime

from adapters.android.phones import e164
from adapters.android.values import inbound_id
from adapters.common.listing import Reading, Received
from adapters.common.values import LONGEST_RECIPIENT, LONGEST_TEXT, Json, cleaned, moment
from domain.inbound import InboundText

PAGE_SIZE = 500  # the gateway's own maximum

logger = logging.getLogger("replyes.android")


def query(since: datetime, offset: int) -> dict[str, str]:
    """The query for a page of texts, which begins behind the first `offset` of them."""
    begins = since.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    return {"type": "SMS", "from": begins, "limit": str(PAGE_SIZE), "offset": str(offset)}


def received_in(region: str | None) -> Received[InboundText]:
    """How to read the texts that phones have sent to us. Of one second, the list's last is the oldest."""
    return Received("the gateway's list", lambda message: _read(message, region), logger)


def _read(message: Json, region: str | None) -> Reading[InboundText] | None:
    """The text and its date, which is the one that the network gave it. ValueError where it can't be read, as when the
    phone has encrypted it for the cloud."""
    sender = e164(message.get("sender"), region)
    if message.get("type") != "SMS" or sender is None:
        return None
    sent_at = moment(message.get("createdAt"))
    message_id, words = inbound_id(message.get("id"), sent_at), message.get("contentPreview")
    if message_id is None or message.get("isEncrypted") or not isinstance(words, str):
        raise ValueError("no text that can be read")
    text = InboundText(
        message_id=message_id,
        sender=sender,
        recipient=cleaned(message.get("recipient"), LONGEST_RECIPIENT),
        text=cleaned(words, LONGEST_TEXT),
        sent_at=sent_at,
    )
    return sent_at, message_id, text
