"""The client of Vonage's Messages API. A send has no idempotency key, so a POST is made once and a doubt is told as a
doubt. What became of it comes back in a status with our key as `client_ref`; Vonage has no list to look in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

import httpx

from adapters.common.calls import TIME_LIMIT, Calls, http_client
from adapters.common.carrier import REFUSALS, HttpCarrier
from adapters.common.senders import is_name, is_same
from adapters.vonage.answers import outcome_of
from adapters.vonage.messages import document
from adapters.vonage.settings import VonageSettings
from adapters.vonage.shapes import WrongSetting
from adapters.vonage.webhooks import Webhooks
from domain.errors import NotAuthentic
from domain.inbound import InboundText
from domain.ports import CallOutcome, FoundText, OutgoingText, Retry
from domain.ways import Way

__all__ = ["Vonage", "http_client"]

NO_LIST = Retry("Vonage keeps no list of messages")


class Vonage(HttpCarrier):
    """One Vonage account as a carrier. `time_limit` is in seconds and bounds each call as a whole; by `clock` a
    webhook's signature is old or not."""

    lists_texts = False
    refusals: ClassVar[Mapping[type[Exception], int]] = {WrongSetting: 503, **REFUSALS}  # it comes again after a 5xx

    def __init__(
        self,
        settings: VonageSettings,
        client: httpx.AsyncClient,
        clock: Callable[[], datetime],
        *,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._settings = settings
        auth = httpx.BasicAuth(settings.api_key, settings.api_secret)
        self._calls = Calls(client, settings.api_url, auth=auth, time_limit=time_limit)
        self.webhooks = Webhooks(settings, clock)
        self.takes_replies = not is_name(settings.sender)
        self.speaks_whatsapp = settings.whatsapp is not None

    async def post(self, text: OutgoingText) -> CallOutcome:
        """POST once, as JSON."""
        answer = await self._calls.send("/v1/messages", document=document(text, self._settings))
        return outcome_of(answer) if isinstance(answer, httpx.Response) else answer

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:  # noqa: ARG002
        """Nothing can be found, and nothing is proved by that."""
        return NO_LIST

    async def received(self, since: datetime) -> list[InboundText] | Retry:  # noqa: ARG002
        """Nothing can be fetched: Vonage repeats a webhook for a day instead."""
        return NO_LIST

    def is_for_us(self, text: InboundText) -> bool:
        """Whether it came to our number, or to our number at WhatsApp."""
        if text.by is Way.SMS:
            return is_same(text.recipient, self._settings.sender)
        whatsapp = self._settings.whatsapp
        return whatsapp is not None and is_same(text.recipient, whatsapp.sender)

    def status_of(self, error: Exception) -> int:
        """What Vonage did not sign is answered 503: it leaves that out at times, and tries again then."""
        if isinstance(error, NotAuthentic) and not error.signed:
            return 503
        return super().status_of(error)
