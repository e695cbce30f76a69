"""The client of SMS Gateway for Android: send a text, find it again, list what was received.

Our key is the message's own id there. A second POST with it is answered 409 and sends nothing, so a send that was in
doubt can be repeated or looked up, and either way tells what became of the first.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import httpx

from adapters.android.answers import about, found, outcome_of, problem
from adapters.android.inbox import PAGE_SIZE, query, received_in
from adapters.android.settings import AndroidSettings
from adapters.android.webhooks import Webhooks
from adapters.common.answers import retry_after
from adapters.common.calls import BROKEN_OFF, TIME_LIMIT, UNREADABLE, Calls, http_client
from adapters.common.carrier import HttpCarrier
from adapters.common.listing import Listed, page_of
from adapters.common.values import Json, read_json
from domain.inbound import InboundText
from domain.ports import Accepted, CallOutcome, FoundText, InDoubt, OutgoingText, Retry

__all__ = ["AndroidGateway", "http_client"]

SHORTEST_VALIDITY = 5  # seconds: the gateway's own minimum
MOST_PAGES = 10  # of received texts


class AndroidGateway(HttpCarrier):
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
        auth = httpx.BasicAuth(settings.user, settings.password)
        self._calls = Calls(client, settings.url, auth=auth, time_limit=time_limit)
        self._received = received_in(settings.fallback_region)
        self._time_limit = time_limit
        self.webhooks = Webhooks(settings, clock)

    # ---- Outbound ----

    async def post(self, text: OutgoingText) -> CallOutcome:
        """POST once. Where the id is taken, an earlier POST of the same errand has come through; that is looked up
        within the same time limit."""
        try:
            async with asyncio.timeout(self._time_limit):
                answer = await self._calls.send("/messages", document=_document(text))
                if not isinstance(answer, httpx.Response):
                    return answer
                if answer.status_code == httpx.codes.CONFLICT:
                    return await self._earlier(text.key)
        except BROKEN_OFF as error:
            return InDoubt(type(error).__name__)
        return outcome_of(answer, text.key)

    async def _earlier(self, key: str) -> Accepted | InDoubt:
        response = await self._calls.get(f"/messages/{key}")
        if response.status_code != httpx.codes.OK:
            return InDoubt(f"the id is taken, but cannot be looked up: {problem(response)}")
        return about(response, key)

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:
        """The message by its id, which is our key: exact, so neither its words nor its date are compared; the phone's
        clock may be wrong. An id that the gateway does not know has not been queued, or is not kept any more."""
        try:
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
        self._received.warn_of_more(listed)
        return self._received.since(reversed(listed.messages), since)

    async def _list(self, since: datetime) -> Listed | Retry:
        """What stands on the inbox's first pages. Raises what UNREADABLE names."""
        messages: list[Json] = []
        for page in range(MOST_PAGES):
            response = await self._calls.get("/inbox", query(since, page * PAGE_SIZE))
            if response.status_code != httpx.codes.OK:
                return Retry(f"this gateway does not list received texts: {problem(response)}", retry_after(response))
            on_page = page_of(read_json(response.content))
            messages += on_page
            if len(on_page) < PAGE_SIZE:
                return Listed(messages, is_whole=True)
        return Listed(messages, is_whole=False)

    # ---- Inbound ----

    def is_for_us(self, text: InboundText) -> bool:  # noqa: ARG002
        """A phone has no other account."""
        return True


def _document(text: OutgoingText) -> Json:
    """What is posted. The phone itself divides a long text, and drops one that it could not send within the ttl."""
    return {
        "id": text.key,
        "textMessage": {"text": text.body},
        "phoneNumbers": [text.to],
        "ttl": max(int(text.valid_for.total_seconds()), SHORTEST_VALIDITY),
        "withDeliveryReport": True,
    }
