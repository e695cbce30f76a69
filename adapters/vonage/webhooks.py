"""What Vonage posts to us: the patients' texts, and how far ours have come. Verified, then translated."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.common.answers import Reported
from adapters.common.values import LONGEST_RECIPIENT, LONGEST_TEXT, Json, as_object, cleaned, matching, read_json
from adapters.vonage.answers import CODES, error_code
from adapters.vonage.settings import VonageSettings
from adapters.vonage.shapes import SMS_API, check_report, check_text, is_of_the_sms_api
from adapters.vonage.signature import verify
from adapters.vonage.values import CLIENT_REF, MESSAGE_UUID, e164, moment
from domain.errors import NotAuthentic, NotUnderstood
from domain.inbound import Delivery, DeliveryReport, InboundText
from domain.ports import RawRequest
from domain.ways import Way

DELIVERIES = {
    "submitted": Delivery.SENT,  # passed on to the phone's network
    **dict.fromkeys(("delivered", "read"), Delivery.DELIVERED),
    **dict.fromkeys(("rejected", "undeliverable"), Delivery.UNDELIVERED),
}
CHANNELS = {"sms": Way.SMS, "mms": Way.SMS}
BUTTONS = {"button": "text", "reply": "title"}  # of approved words, and of a menu; where the words on it stand
JUST_NOW = timedelta(minutes=10)  # a repeated webhook can be a day late; clocks differ by less than this

logger = logging.getLogger("replyes.vonage")


class Webhooks:
    """The webhooks of one account. Each method raises NotAuthentic or NotUnderstood. `clock` tells how old a signature
    is."""

    def __init__(self, settings: VonageSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._channels = {**CHANNELS, "whatsapp": Way.WHATSAPP} if settings.whatsapp else CHANNELS
        self._reported = Reported(CODES, logger)

    def texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for what came over a channel by which nobody is asked."""
        document = self._verified(request)
        check_text(document)
        message_id, sender = _message_uuid(document), e164(document.get("from"))
        way = self._channels.get(cleaned(document.get("channel"), 40))
        if way is None or sender is None:
            logger.info("%s is from no phone number that we ask: nothing for us", message_id)
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
                by=way,
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
        return [DeliveryReport(message_id, status, signed_key, code, self._reported.blame(status, code))]

    def _verified(self, request: RawRequest) -> Json:
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
        document = read_json(request.body)
        if not isinstance(document, dict):
            raise NotUnderstood("the body is no JSON object")
        return document

    def _if_late(self, document: Json) -> datetime | None:
        """When the text was sent, if that is a while ago: it may have been overtaken by something newer."""
        sent_at = moment(document.get("timestamp"))
        return sent_at if sent_at and self._clock() - sent_at > JUST_NOW else None


def _message_uuid(document: Json) -> str:
    """Vonage's id of the message, the same at every repetition."""
    uuid = matching(MESSAGE_UUID, document.get("message_uuid"))
    if uuid is None:
        raise NotUnderstood("message_uuid is missing or malformed")
    return uuid


def _said(document: Json) -> tuple[str, int]:
    """The words, and how many pictures came along. A button says what is written on it; whatever else is not a text
    counts as a picture, and may have a caption."""
    kind, words = str(document.get("message_type", "text")), document.get("text")
    inner = as_object(document.get(kind))
    if kind in BUTTONS:
        words = inner.get(BUTTONS[kind])
    if kind == "text" or kind in BUTTONS:
        if not isinstance(words, str):
            raise NotUnderstood("text is missing")
        return words, 0
    return next((one for one in (words, inner.get("caption")) if isinstance(one, str)), ""), 1
