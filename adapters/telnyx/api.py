"""The client of Telnyx's Messaging API: send a text, find its copies, list what was received.

The call that sends takes an Idempotency-Key (telnyx-python 4.189.0): within 24 hours the same request is answered and
not done again. That is not in the contract of every account and has not been tried against a real one, so a doubt is
told as a doubt all the same.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx

from adapters.common.answers import document_of, retry_after
from adapters.common.calls import TIME_LIMIT, UNREADABLE, Calls, http_client
from adapters.common.carrier import HttpCarrier
from adapters.common.listing import Listed
from adapters.common.senders import is_name, is_same
from adapters.common.values import Json, as_object
from adapters.telnyx.answers import outcome_of, problem
from adapters.telnyx.payload import text_in
from adapters.telnyx.records import HEARD, copies, inbound_for, is_last, outbound_to, records_of
from adapters.telnyx.settings import TelnyxSettings, key_bytes
from adapters.telnyx.signature import Signatures
from adapters.telnyx.webhooks import Webhooks
from domain.errors import NotUnderstood
from domain.inbound import InboundText
from domain.ports import CallOutcome, FoundText, OutgoingText, Retry

__all__ = ["Telnyx", "http_client"]

PAGES, MOST_PAGES = 3, 10  # how far back a look-up reads, and the list of received texts; a page has 50 records

logger = logging.getLogger("replyes.telnyx")


class Telnyx(HttpCarrier):
    """One Telnyx account as a carrier. `time_limit` is in seconds and bounds each call as a whole; by `clock` a
    webhook's signature is old or not."""

    def __init__(
        self,
        settings: TelnyxSettings,
        client: httpx.AsyncClient,
        clock: Callable[[], datetime],
        *,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._settings = settings
        headers = {"Authorization": f"Bearer {settings.api_key}", "Accept": "application/json"}
        self._calls = Calls(client, settings.api_url.rstrip("/") + "/v2", headers=headers, time_limit=time_limit)
        self._reports = settings.public_url.rstrip("/") + "/api/webhooks/sms/status/"
        self.webhooks = Webhooks(Signatures(map(key_bytes, settings.public_keys), clock))
        self.takes_replies = not is_name(settings.sender)

    # ---- Outbound ----

    async def post(self, text: OutgoingText) -> CallOutcome:
        """POST once. The same key and the same bytes make Telnyx repeat its answer instead of the deed."""
        headers = {"Idempotency-Key": text.key}
        answer = await self._calls.send("/messages", document=self._document(text), headers=headers)
        return outcome_of(answer) if isinstance(answer, httpx.Response) else answer

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:
        """Messages to this phone whose reports were asked for at this errand's URL. That identifies the text better
        than its words, which the records do not have. Absence proves nothing."""
        try:
            listed = await self._list(outbound_to(text.to, since), PAGES)
            return listed if isinstance(listed, Retry) else copies(listed.messages, text, since)
        except UNREADABLE as error:
            return _unread(error)

    async def received(self, since: datetime) -> list[InboundText] | Retry:
        """Texts to our sender by the records, each with its words from the message itself, which Telnyx keeps for ten
        days. The time limit holds for each call. A list that is longer than what is read is told as far as it was
        read, with a warning. Nobody can have answered to a name."""
        if not self.takes_replies:
            return []
        try:
            listed = await self._list(inbound_for(self._settings, since), MOST_PAGES)
            if isinstance(listed, Retry):
                return listed
            HEARD.warn_of_more(listed)
            return await self._words_of(HEARD.since(listed.messages, since))
        except UNREADABLE as error:
            return _unread(error)

    async def _list(self, query: Mapping[str, str], pages: int) -> Listed | Retry:
        """The records on the first pages. Raises what UNREADABLE names."""
        records: list[Json] = []
        for number in range(1, pages + 1):
            response = await self._calls.get("/detail_records", {**query, "page[number]": str(number)})
            if response.status_code != httpx.codes.OK:
                return _not_told(response)
            page = document_of(response)
            records += records_of(page)
            if is_last(page, number):
                return Listed(records, is_whole=True)
        return Listed(records, is_whole=False)

    async def _words_of(self, ones: list[FoundText]) -> list[InboundText] | Retry:
        """The texts themselves. One that Telnyx does not have any more, or that makes no sense, hides no other."""
        texts: list[InboundText] = []
        for one in ones:
            response = await self._calls.get(f"/messages/{one.message_id}")
            if response.status_code not in (httpx.codes.OK, httpx.codes.NOT_FOUND):
                return _not_told(response)
            try:
                texts += text_in(as_object(document_of(response).get("data")), one.created_at)
            except NotUnderstood:
                logger.warning("received text %s cannot be read", one.message_id)
        return texts

    def _document(self, text: OutgoingText) -> Json:
        """What is posted. There is no field for `valid_for`: Telnyx itself drops what it cannot pass on in time."""
        return {
            **self._sender(),
            "to": text.to,
            "text": text.body,
            "type": "SMS",
            "webhook_url": self._reports + text.key,
            "use_profile_webhooks": False,
        }

    def _sender(self) -> Json:
        if self._settings.profile:
            return {"messaging_profile_id": self._settings.profile}
        if not self.takes_replies:
            return {"from": self._settings.sender, "messaging_profile_id": self._settings.profile_of_name}
        return {"from": self._settings.sender}

    # ---- Inbound ----

    def is_for_us(self, text: InboundText) -> bool:
        """Whether it came to our number, or to one of our messaging profile."""
        profile = self._settings.profile
        return text.pool.lower() == profile.lower() if profile else is_same(text.recipient, self._settings.sender)


def _not_told(response: httpx.Response) -> Retry:
    return Retry(problem(response)[1], retry_after(response))


def _unread(error: Exception) -> Retry:
    return Retry(f"the message list: {type(error).__name__}")
