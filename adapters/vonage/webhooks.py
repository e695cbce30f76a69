"""What Vonage posts to us: the patients' texts, and how far ours have come. Verified, then translated."""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from adapters.vonage.answers import BLAMES, OPTED_OUT, error_code
from adapters.vonage.settings import VonageSettings
from adapters.vonage.shapes import SMS_API, WrongSetting, check_report, check_text, is_of_the_sms_api
from adapters.vonage.signature import verify
from adapters.vonage.values import (
    CLIENT_REF,
    LONGEST_RECIPIENT,
    LONGEST_TEXT,
    MESSAGE_UUID,
    cleaned,
    e164,
    matching,
    moment,
)
from domain.errors import Conflict, NotAuthentic, NotUnderstood, StorageAway, TooLarge
from domain.inbound import Blame, Delivery, DeliveryReport, InboundText
from domain.ports import Answer, RawRequest

DELIVERIES = {
    "submitted": Delivery.SENT,  # passed on to the phone's network
    **dict.fromkeys(("delivered", "read"), Delivery.DELIVERED),
    **dict.fromkeys(("rejected", "undeliverable"), Delivery.UNDELIVERED),
}
CHANNELS = ("sms", "mms")
OURS_TO_MEND = (Blame.CONFIGURATION, Blame.ACCOUNT)
JUST_NOW = timedelta(minutes=10)  # a repeated webhook can be a day late; clocks differ by less than this

# Vonage comes again after a 5xx.
REFUSALS: dict[type[Exception], int] = {
    WrongSetting: 503,
    NotAuthentic: 401,
    NotUnderstood: 400,
    TooLarge: 413,
    Conflict: 503,
    StorageAway: 503,
}

logger = logging.getLogger("replyes.vonage")


class Webhooks:
    """The webhooks of one account. Each method raises NotAuthentic or NotUnderstood. `clock` tells how old a signature
    is."""

    def __init__(self, settings: VonageSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    def texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for what came over another channel: patients are asked by SMS."""
        document = self._verified(request)
        check_text(document)
        message_id, sender = _message_uuid(document), e164(document.get("from"))
        if document.get("channel") not in CHANNELS or sender is None:
            logger.info("%s is no SMS from a phone number: nothing for us", message_id)
            return []
        words, pictures = _said(document)
        return [
            InboundText(
                message_id=message_id,
                sender=sender,
                recipient=cleaned(e164(document.get("to")) or str(document.get("to", "")), LONGEST_RECIPIENT),
                text=cleaned(words, LONGEST_TEXT),
                pictures=pictures,
                sent_at=self._if_late(document),
            )
        ]

    def reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """How far one text of ours has come, or [] for a status that says nothing of that.

        Our key is what `client_ref` brings back. The path's own key has no signature: it may only agree.
        """
        document = self._verified(request)
        check_report(document)
        message_id, status = _message_uuid(document), DELIVERIES.get(str(document.get("status")))
        if status is None:
            logger.info("delivery report %s: a status that tells us nothing", message_id)
            return []
        signed_key = matching(CLIENT_REF, document.get("client_ref"))
        if key is not None and signed_key not in (key, None):
            raise NotAuthentic("the report is on another text than its path says")
        code = error_code(document.get("error"))
        if status is Delivery.UNDELIVERED and BLAMES.get(code) in OURS_TO_MEND:
            logger.error("Vonage did not send %s: error %s is about our account or our sender", message_id, code)
        blame = Blame.OPTED_OUT if code in OPTED_OUT else None
        return [DeliveryReport(message_id, status, signed_key, code, blame)]

    def _verified(self, request: RawRequest) -> dict[str, Any]:
        """The JSON object of a signed POST from our account. The signature is judged first: a stranger learns nothing
        else."""
        try:
            verify(request, self._settings, self._clock())
        except NotAuthentic as error:
            if not error.signed and is_of_the_sms_api(request):
                raise NotAuthentic(SMS_API, signed=False) from None
            raise
        if request.method != "POST":
            raise NotUnderstood("set the webhook to POST")
        return _json_object(request.body)

    def _if_late(self, document: dict[str, Any]) -> datetime | None:
        """When the text was sent, if that is a while ago: it may have been overtaken by something newer."""
        sent_at = moment(document.get("timestamp"))
        return sent_at if sent_at and self._clock() - sent_at > JUST_NOW else None


def answer_to_texts(error: Exception | None) -> Answer:
    """200 without a body. What Vonage did not sign is answered 503: it does that at times, and tries again then."""
    return Answer(200) if error is None else _refusal(error)


def answer_to_reports(error: Exception | None) -> Answer:
    """204, which Vonage takes as it does a 200."""
    return Answer(204) if error is None else _refusal(error)


def _refusal(error: Exception) -> Answer:
    if isinstance(error, NotAuthentic) and not error.signed:
        return Answer(503)
    return Answer(next((status for kind, status in REFUSALS.items() if isinstance(error, kind)), 500))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise NotUnderstood("the body is no JSON") from None
    if not isinstance(document, dict):
        raise NotUnderstood("the body is no JSON object")
    return document


def _message_uuid(document: dict[str, Any]) -> str:
    """Vonage's id of the message, the same at every repetition."""
    uuid = matching(MESSAGE_UUID, document.get("message_uuid"))
    if uuid is None:
        raise NotUnderstood("message_uuid is missing or malformed")
    return uuid


def _said(document: dict[str, Any]) -> tuple[str, int]:
    """The words, and how many pictures came along. Whatever is not a text counts as one; it may have a caption."""
    kind, words = document.get("message_type", "text"), document.get("text")
    if kind == "text":
        if not isinstance(words, str):
            raise NotUnderstood("text is missing")
        return words, 0
    inner = document.get(kind) if isinstance(kind, str) else None
    caption = inner.get("caption") if isinstance(inner, dict) else None
    return next((one for one in (words, caption) if isinstance(one, str)), ""), 1
