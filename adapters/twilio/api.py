"""The client of Twilio's Messages API: send a text, find its copies, list what was received.

A send has no idempotency key, so a POST is made once and a doubt is told as a doubt.
"""

import asyncio
import logging
from datetime import UTC, datetime

import httpx

from adapters.twilio.answers import accepted, json_object, problem, refused, retry_after
from adapters.twilio.listing import Listed, Message, copies, messages_of, received
from adapters.twilio.settings import TwilioSettings
from adapters.twilio.webhooks import Webhooks, answer_to_reports, answer_to_texts
from domain.inbound import DeliveryReport, InboundText
from domain.ports import Answer, CallOutcome, Carrier, FoundText, InDoubt, OutgoingText, RawRequest, Retry

TIME_LIMIT = 10.0  # seconds for one call, all of it; a worker's lease is longer
LONGEST_VALIDITY = 36_000  # seconds: Twilio's own maximum
PAGE_SIZE, PAGES = 100, 3  # how far back a look-up reads: far more texts than one phone gets in a quarter of an hour
LARGEST_PAGE, MOST_PAGES = 1000, 10  # what is read of the received texts; 1000 is Twilio's own maximum

# Nothing of the request has left this machine.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
UNREADABLE = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError)

logger = logging.getLogger("replyes.twilio")


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client that sends need: no redirects, no retries, and a new connection for each call.

    A kept connection that Twilio has closed meanwhile would look like a doubt; a TLS handshake per text costs less.
    Connecting gives up well before TIME_LIMIT, so that "could not connect" is told as such. httpx logs whole URLs at
    INFO, and a look-up's URL holds a phone number: its logger is turned down.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIME_LIMIT, connect=4.0, pool=1.0),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
    )


class Twilio(Carrier):
    """One Twilio account as a carrier. `time_limit` is in seconds and bounds each call as a whole."""

    def __init__(self, settings: TwilioSettings, client: httpx.AsyncClient, *, time_limit: float = TIME_LIMIT) -> None:
        self._settings = settings
        self._client = client
        self._time_limit = time_limit
        self._auth = httpx.BasicAuth(settings.account_sid, settings.auth_tokens[0])
        self._public_url = settings.public_url.rstrip("/")
        self._api_url = settings.api_url.rstrip("/")
        self._messages = f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        self._webhooks = Webhooks(settings)

    # ---- Outbound ----

    async def send(self, text: OutgoingText) -> CallOutcome:
        """POST once. In doubt is everything between "it never left" and an answer that can be read."""
        try:
            async with asyncio.timeout(self._time_limit):
                response = await self._client.post(
                    self._api_url + self._messages, data=self._form(text), auth=self._auth, follow_redirects=False
                )
        except NEVER_SENT as error:
            return Retry(type(error).__name__)
        except (httpx.HTTPError, TimeoutError) as error:
            return InDoubt(type(error).__name__)
        return accepted(response) if response.is_success else refused(response)

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:
        """Copies of the text in Twilio's list. The list lags by minutes, at times hours: absence proves nothing.

        There is no DateSent filter, because a message that waits to be sent has no such date.
        """
        try:
            async with asyncio.timeout(self._time_limit):
                listed = await self._list({"To": text.to, "PageSize": str(PAGE_SIZE)}, PAGES)
            return listed if isinstance(listed, Retry) else copies(listed.messages, text, since)
        except UNREADABLE as error:
            return _unread(error)

    async def received(self, since: datetime) -> list[InboundText] | Retry:
        """Texts to our sender in Twilio's list, which can be filtered by whole days only. The time limit holds for
        each page. A list with more pages than are read is told as far as it was read, with a warning."""
        query = {"DateSent>": since.astimezone(UTC).date().isoformat(), "PageSize": str(LARGEST_PAGE)}
        if not self._settings.service:  # a service has several numbers, and To takes one
            query["To"] = self._settings.sender
        try:
            listed = await self._list(query, MOST_PAGES)
        except UNREADABLE as error:
            return _unread(error)
        if isinstance(listed, Retry):
            return listed
        if not listed.is_whole:
            logger.warning(
                "Twilio's list goes on after %d messages: received texts may be missing", len(listed.messages)
            )
        return received(listed.messages, self._settings, since)

    async def _list(self, query: dict[str, str], pages: int) -> Listed | Retry:
        """What stands on the first pages of the message list. Raises what UNREADABLE names."""
        messages: list[Message] = []
        url = self._api_url + self._messages
        params: dict[str, str] | None = query
        for _ in range(pages):
            async with asyncio.timeout(self._time_limit):
                response = await self._client.get(url, params=params, auth=self._auth, follow_redirects=False)
            if response.status_code != httpx.codes.OK:
                return Retry(problem(response)[1], retry_after(response))
            page = json_object(response)
            messages += messages_of(page)
            following = page.get("next_page_uri")
            if not self._is_ours(following):
                return Listed(messages, is_whole=not following)
            url, params = f"{self._api_url}{following}", None  # it has the query in it
        return Listed(messages, is_whole=False)

    def _is_ours(self, path: object) -> bool:
        """Whether a page's path leads to our own list, and nowhere else: our credentials go along."""
        return isinstance(path, str) and path.startswith(self._messages + "?")

    def _form(self, text: OutgoingText) -> dict[str, str]:
        seconds = int(text.valid_for.total_seconds())
        return {
            "To": text.to,
            "MessagingServiceSid" if self._settings.service else "From": self._settings.sender,
            "Body": text.body,
            "StatusCallback": f"{self._public_url}/api/webhooks/sms/status/{text.key}",
            "ValidityPeriod": str(min(max(seconds, 1), LONGEST_VALIDITY)),
        }

    # ---- Inbound ----

    def is_for_us(self, text: InboundText) -> bool:
        """Whether it came to our number, or to our Messaging Service."""
        return self._settings.sender in (text.recipient, text.pool)

    def receive_texts(self, request: RawRequest) -> list[InboundText]:
        """One patient's text, or [] for what came over another channel."""
        return self._webhooks.texts(request)

    def receive_reports(self, request: RawRequest, key: str | None) -> list[DeliveryReport]:
        """How far one text of ours has come, or [] for a status that says nothing of that."""
        return self._webhooks.reports(request, key)

    def answer_texts(self, error: Exception | None = None) -> Answer:
        """An answer that texts nothing to the patient."""
        return answer_to_texts(error)

    def answer_reports(self, error: Exception | None = None) -> Answer:
        """An answer without a body."""
        return answer_to_reports(error)


def _unread(error: Exception) -> Retry:
    return Retry(f"the message list: {type(error).__name__}")
