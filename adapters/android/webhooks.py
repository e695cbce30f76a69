"""What the phone posts to us: the patients' texts, and how far ours have come. Verified, then translated.

A webhook is registered for one event and one URL. The phone tries 15 times, for up to two days.
"""

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.android.answers import CODES
from adapters.android.phones import e164
from adapters.android.settings import AndroidSettings
from adapters.android.signature import Signatures
from adapters.android.values import ERRAND_KEY, MESSAGE_ID, inbound_id
from adapters.common.answers import Reported
from adapters.common.values import (
    LONGEST_RECIPIENT,
    LONGEST_TEXT,
    Json,
    as_object,
    as_objects,
    cleaned,
    matching,
    moment,
    read_json,
)
from domain.errors import NotUnderstood
from domain.inbound import Delivery, DeliveryReport, InboundText
from domain.ports import RawRequest

WORDS_OF = {"sms:received": "message", "mms:downloaded": "body"}
DELIVERIES = {
    "sms:sent": Delivery.SENT,
    "sms:delivered": Delivery.DELIVERED,
    "sms:failed": Delivery.UNDELIVERED,
}
REASON = re.compile(r"\b(RESULT_[A-Z_]{3,50})\b|: ([0-9]{1,3})$|(TTL expired)|(No SIMs found)")
JUST_NOW = timedelta(minutes=10)  # clocks differ by less than this; a text that is older may have been overtaken

logger = logging.getLogger("replyes.android")


class Webhooks:
    """The webhooks of one gateway. Each method raises NotAuthentic or NotUnderstood. `clock` tells how old a signature
    and a text are."""

    def __init__(self, settings: AndroidSettings, clock: Callable[[], datetime]) -> None:
        self._signatures = Signatures(settings.signing_keys, clock)
        self._region = settings.fallback_region
        self._clock = clock
        self._reported = Reported(CODES, logger)

    def texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for other events, and for who is no phone."""
        event, payload = self._event(request)
        if event in DELIVERIES:
            raise NotUnderstood(f"{event} came to the address for texts: register it for /api/webhooks/sms/status")
        if event not in WORDS_OF:
            logger.info("an event of another kind (%s) came where texts come", event)
            return []
        received_at = _date_of(payload)
        message_id = inbound_id(payload.get("messageId"), received_at)
        if message_id is None:
            raise NotUnderstood("messageId is missing or malformed")
        sender = e164(payload.get("sender") or payload.get("phoneNumber"), self._region)
        if sender is None:
            logger.warning("%s is from no phone number with its country: set CLINIC_PHONE, or ignore it", message_id)
            return []
        return [
            InboundText(
                message_id=message_id,
                sender=sender,
                recipient=cleaned(payload.get("recipient"), LONGEST_RECIPIENT),
                text=cleaned(payload.get(WORDS_OF[event]), LONGEST_TEXT),
                pictures=len(as_objects(payload.get("attachments"))),
                sent_at=received_at if self._clock() - received_at > JUST_NOW else None,
            )
        ]

    def reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:  # noqa: ARG002
        """How far one text has come, or [] for other events.

        A message's id is the errand's key, and it is signed; the path is not, so what it says is not asked. What
        others have sent with this phone has an id of another kind.
        """
        event, payload = self._event(request)
        if event in WORDS_OF:
            raise NotUnderstood(f"{event} came to the address for reports: register it for /api/webhooks/sms")
        if event not in DELIVERIES:
            logger.info("an event of another kind (%s) came where delivery reports come", event)
            return []
        message_id = matching(MESSAGE_ID, payload.get("messageId"))
        if message_id is None:
            raise NotUnderstood("messageId is missing or malformed")
        status, code = DELIVERIES[event], _code_of(payload.get("reason"))
        signed_key = matching(ERRAND_KEY, message_id)
        return [DeliveryReport(message_id, status, signed_key, code, self._reported.blame(status, code))]

    def _event(self, request: RawRequest) -> tuple[str, Json]:
        """The event's kind and its payload. The signature is judged first: a stranger learns nothing else."""
        self._signatures.check(request)
        document = as_object(read_json(request.body))
        event, payload = cleaned(document.get("event"), 40), as_object(document.get("payload"))
        if request.method != "POST" or not event or not payload:
            raise NotUnderstood("the body is no event of SMS Gateway for Android")
        return event, payload


def _date_of(payload: Json) -> datetime:
    try:
        return moment(payload.get("receivedAt"))
    except ValueError:
        raise NotUnderstood("receivedAt is missing or no date") from None


def _code_of(reason: object) -> str:
    """The reason of a failure as a code. Its words hold numbers of phones and of message centres, so they stay away."""
    match = REASON.search(reason) if isinstance(reason, str) else None
    if match is None:
        return ""
    result, status, expired, _ = match.groups()
    return result or (f"STATUS_{status}" if status else "TTL_EXPIRED" if expired else "NO_SIM")
