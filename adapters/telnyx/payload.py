"""A message as Telnyx's webhooks and its API write it: `id`, `direction`, `type`, `from`, `to`, `text`, `media`, …

Source: the models of telnyx-python 4.189.0 (MessagingInboundMessagePayload, OutboundMessagePayload).
"""

import logging
from datetime import datetime

from adapters.common.answers import Reported
from adapters.common.values import E164, LONGEST_RECIPIENT, LONGEST_TEXT, Json, as_object, as_objects, cleaned, digits
from adapters.telnyx.values import MESSAGE_ID
from domain.errors import NotUnderstood
from domain.inbound import Blame, ConsentHint, Delivery, DeliveryReport, InboundText

SMS_AND_MMS = ("SMS", "MMS")
OPTED_OUT = "40300"

# `delivery_unconfirmed` is final too, but says only that no receipt came: many phones' carriers give none.
DELIVERIES = {
    **dict.fromkeys(("queued", "sending"), Delivery.ACCEPTED),
    **dict.fromkeys(("sent", "delivery_unconfirmed"), Delivery.SENT),
    **dict.fromkeys(("delivered", "read"), Delivery.DELIVERED),
    **dict.fromkeys(("sending_failed", "delivery_failed", "expired"), Delivery.UNDELIVERED),
}

logger = logging.getLogger("replyes.telnyx")


def text_in(message: Json, sent_at: datetime | None = None) -> list[InboundText]:
    """One patient's text, or [] for what came over another channel (RCS, WhatsApp). Raises NotUnderstood.

    Telnyx acts on opt-out words itself, and says in `autoresponse_type` for what it took them.
    """
    message_id = message_id_of(message)
    sender = as_object(message.get("from")).get("phone_number")
    if not isinstance(sender, str) or not E164.fullmatch(sender) or message.get("type", "SMS") not in SMS_AND_MMS:
        logger.info("%s is no SMS from a phone number: nothing for us", message_id)
        return []
    recipients = [to.get("phone_number") for to in as_objects(message.get("to"))]
    return [
        InboundText(
            message_id=message_id,
            sender=sender,
            recipient=cleaned(recipients[0] if recipients else "", LONGEST_RECIPIENT),
            text=cleaned(message.get("text"), LONGEST_TEXT),
            pictures=len(as_objects(message.get("media"))),
            hint=ConsentHint.__members__.get(cleaned(message.get("autoresponse_type"), 10).strip().upper()),
            sent_at=sent_at,
            pool=cleaned(message.get("messaging_profile_id"), LONGEST_RECIPIENT),
        )
    ]


def report_in(message: Json, key: str | None, reported: Reported) -> list[DeliveryReport]:
    """How far one text of ours has come, or [] for a status that says nothing of that. Raises NotUnderstood.

    The status stands at the recipient, and a text of ours has one; why it failed stands at the message.
    """
    message_id = message_id_of(message)
    told = [to.get("status") for to in as_objects(message.get("to"))]
    status = DELIVERIES.get(told[0]) if told and isinstance(told[0], str) else None
    if status is None:
        logger.info("delivery report %s: a status that tells us nothing", message_id)
        return []
    errors = as_objects(message.get("errors"))
    code = digits(errors[0].get("code"), 10) if errors else ""
    return [DeliveryReport(message_id, status, key, code, _blame(status, code, errors, reported))]


def _blame(status: Delivery, code: str, errors: list[Json], reported: Reported) -> Blame | None:
    """In a report, 40300 may also mean a phone that cannot be reached; only the words tell."""
    if any(map(_is_opt_out, errors)):
        return Blame.OPTED_OUT
    return reported.blame(status, code) if code != OPTED_OUT else None


def _is_opt_out(error: Json) -> bool:
    return digits(error.get("code"), 10) == OPTED_OUT and "STOP" in f"{error.get('title')} {error.get('detail')}"


def message_id_of(message: Json) -> str:
    """Telnyx's id of the message, the same in each of its events and at every repetition. Raises NotUnderstood."""
    message_id = message.get("id")
    if not isinstance(message_id, str) or not MESSAGE_ID.fullmatch(message_id):
        raise NotUnderstood("the message's id is missing or malformed")
    return message_id
