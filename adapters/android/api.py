"""The client of SMS Gateway for Android: send a text, find it again, list what was received.

Our key is the message's own id there. A second POST with it is answered 409 and sends nothing, so a send that was in
doubt can be repeated or looked up, and either way tells what became of the first.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import httpx

from adapters.android.answers import accepted, found, problem, refused, retry_after
from adapters.android.calls import BROKEN_OFF, NEVER_SENT, TIME_LIMIT, UNREADABLE, Calls, http_client
from adapters.android.inbox import PAGE_SIZE, Listed, messages_of, query, received
from adapters.android.settings import AndroidSettings
from adapters.android.values import Json, read_json
from adapters.android.webhooks import Webhooks, answer_to_reports, answer_to_texts
from domain.inbound import DeliveryReport, InboundText
from domain.ports import Accepted, Answer, CallOutcome, Carrier, FoundText, InDoubt, OutgoingText, RawRequest, Retry

__all__ = ["AndroidGateway", "http_client"]

SHORTEST_VALIDITY = 5  # seconds: the gateway's own minimum
MOST_PAGES = 10  # of received texts

logger = logging.getLogger("replyes.android")


class AndroidGateway(Carrier):
    """One phone as a carrier. `time_limit` is in seconds and bounds each act as a whole; by `clock` a webhook's
    signature is old or not."""

    def __init__(
        self,
        settings: AndroidSettings,
        client: httpx.AsyncClient,
        clock: Callable[[], datetime],
        *,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._region = settings.fallback_region
        self._calls = Calls(settings, client)
        self._time_limit = time_limit
        self._webhooks = Webhooks(settings, clock)

    # ---- Outbound ----

    async def send(self, text: OutgoingText) -> CallOutcome:
        """POST once. In doubt is everything between "it never left" and an answer that can be read. Where the id is
        taken, an earlier POST of the same errand has come through; that is looked up within the same time limit."""
        posted = False
        try:
            async with asyncio.timeout(self._time_limit):
                response = await self._calls.post("/messages", _document(text))
                posted = True
                if response.status_code == httpx.codes.CONFLICT:
                    return await self._earlier(text.key)
        except BROKEN_OFF as error:
            told = type(error).__name__
            return Retry(told) if isinstance(error, NEVER_SENT) and not posted else InDoubt(told)
        return accepted(response, text.key) if response.is_success else refused(response)

    async def _earlier(self, key: str) -> Accepted | InDoubt:
        response = await self._calls.get(f"/messages/{key}")
        if response.status_code != httpx.codes.OK:
            return InDoubt(f"the id is taken, but cannot be looked up: {problem(response)}")
        return accepted(response, key)

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:
        """The message by its id, which is our key: exact, so neither its words nor its date are compared; the phone's
        clock may be wrong. An id that the gateway does not know has not been queued, or is not kept any more."""
        try:
            async with asyncio.timeout(self._time_limit):
                response = await self._calls.get(f"/messages/{text.key}")
            if response.status_code == httpx.codes.NOT_FOUND:
                return []
            if response.status_code != httpx.codes.OK:
                return Retry(problem(response), retry_after(response))
            return found(response, text.key, since)
        except UNREADABLE as error:
            return Retry(f"the message: {type(error).__name__}")

    async def received(self, since: datetime) -> list[InboundText] | Retry:
        """Texts in the gateway's inbox. The time limit holds for each page. A list with more pages than are read is
        told as far as it was read, with a warning."""
        try:
            listed = await self._list(since)
        except UNREADABLE as error:
            return Retry(f"the inbox: {type(error).__name__}")
        if isinstance(listed, Retry):
            return listed
        if not listed.is_whole:
            logger.warning("the inbox goes on after %d messages: received texts may be missing", len(listed.messages))
        return received(listed.messages, self._region, since)

    async def _list(self, since: datetime) -> Listed | Retry:
        """What stands on the inbox's first pages. Raises what UNREADABLE names."""
        messages: list[Json] = []
        for page in range(MOST_PAGES):
            async with asyncio.timeout(self._time_limit):
                response = await self._calls.get("/inbox", query(since, page * PAGE_SIZE))
            if response.status_code != httpx.codes.OK:
                return Retry(f"this gateway does not list received texts: {problem(response)}", retry_after(response))
            on_page = messages_of(read_json(response.content))
            messages += on_page
            if len(on_page) < PAGE_SIZE:
                return Listed(messages, is_whole=True)
        return Listed(messages, is_whole=False)

    # ---- Inbound ----

    def is_for_us(self, text: InboundText) -> bool:  # noqa: ARG002
        """A phone has no other account."""
        return True

    def receive_texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for other events, and for who is no phone."""
        return self._webhooks.texts(request)

    def receive_reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:  # noqa: ARG002
        """How far one text of ours has come, or [] for what says nothing of that. The key stands in the body."""
        return self._webhooks.reports(request)

    def answer_texts(self, error: Exception | None = None) -> Answer:
        """An answer without a body."""
        return answer_to_texts(error)

    def answer_reports(self, error: Exception | None = None) -> Answer:
        """An answer without a body."""
        return answer_to_reports(error)


def _document(text: OutgoingText) -> Json:
    """What is posted. The phone itself divides a long text, and drops one that it could not send within the ttl."""
    return {
        "id": text.key,
        "textMessage": {"text": text.body},
        "phoneNumbers": [text.to],
        "ttl": max(int(text.valid_for.total_seconds()), SHORTEST_VALIDITY),
        "withDeliveryReport": True,
    }
