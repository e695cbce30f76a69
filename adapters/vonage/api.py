"""The client of Vonage's Messages API. A send has no idempotency key, so a POST is made once and a doubt is told as a
doubt. What became of it comes back in a status with our key as `client_ref`; Vonage has no list to look in."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import httpx

from adapters.vonage.answers import accepted, refused
from adapters.vonage.settings import VonageSettings
from adapters.vonage.values import without_plus
from adapters.vonage.webhooks import Webhooks, answer_to_reports, answer_to_texts
from domain.inbound import DeliveryReport, InboundText
from domain.ports import Answer, CallOutcome, Carrier, FoundText, InDoubt, OutgoingText, RawRequest, Retry

TIME_LIMIT = 10.0  # seconds for one call, all of it; a worker's lease is longer
SHORTEST_VALIDITY, LONGEST_VALIDITY = 20, 604_800  # seconds: what Vonage takes as ttl

# Nothing of the request has left this machine.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
NO_LIST = Retry("Vonage keeps no list of messages")


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client that sends need: no redirects, no retries, and a new connection for each call.

    A kept connection that Vonage has closed meanwhile would look like a doubt; a TLS handshake per text costs less.
    Connecting gives up well before TIME_LIMIT, so that "could not connect" is told as such.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIME_LIMIT, connect=4.0, pool=1.0),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
    )


class Vonage(Carrier):
    """One Vonage account as a carrier. `time_limit` is in seconds and bounds each call as a whole."""

    lists_texts = False

    def __init__(
        self,
        settings: VonageSettings,
        client: httpx.AsyncClient,
        clock: Callable[[], datetime],
        *,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._settings = settings
        self._client = client
        self._time_limit = time_limit
        self._auth = httpx.BasicAuth(settings.api_key, settings.api_secret)
        self._url = settings.api_url.rstrip("/") + "/v1/messages"
        self._reports_url = settings.public_url.rstrip("/") + "/api/webhooks/sms/status"
        self._webhooks = Webhooks(settings, clock)

    async def send(self, text: OutgoingText) -> CallOutcome:
        """POST once. In doubt is everything between "it never left" and an answer that can be read."""
        try:
            async with asyncio.timeout(self._time_limit):
                response = await self._client.post(
                    self._url, json=self._message(text), auth=self._auth, follow_redirects=False
                )
        except NEVER_SENT as error:
            return Retry(type(error).__name__)
        except (httpx.HTTPError, TimeoutError) as error:
            return InDoubt(type(error).__name__)
        return accepted(response) if response.is_success else refused(response)

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:  # noqa: ARG002
        """Nothing can be found, and nothing is proved by that."""
        return NO_LIST

    async def received(self, since: datetime) -> list[InboundText] | Retry:  # noqa: ARG002
        """Nothing can be fetched: Vonage repeats a webhook for a day instead."""
        return NO_LIST

    def _message(self, text: OutgoingText) -> dict[str, object]:
        seconds = int(text.valid_for.total_seconds())
        return {
            "channel": "sms",
            "message_type": "text",
            "to": without_plus(text.to),
            "from": without_plus(self._settings.sender),
            "text": text.body,
            "client_ref": text.key,
            "webhook_url": f"{self._reports_url}/{text.key}",
            "webhook_version": "v1",
            "ttl": min(max(seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY),
        }

    def is_for_us(self, text: InboundText) -> bool:
        """Whether it came to our number."""
        return without_plus(text.recipient) == without_plus(self._settings.sender)

    def receive_texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for what came over another channel."""
        return self._webhooks.texts(request)

    def receive_reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """How far one text of ours has come, or [] for a status that says nothing of that."""
        return self._webhooks.reports(request, key)

    def answer_texts(self, error: Exception | None = None) -> Answer:
        """An answer without a body."""
        return answer_to_texts(error)

    def answer_reports(self, error: Exception | None = None) -> Answer:
        """An answer without a body."""
        return answer_to_reports(error)
