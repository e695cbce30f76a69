"""The client of Twilio's Messages API: send a text, find its copies, list what was received.

A send has no idempotency key, so a POST is made once and a doubt is told as a doubt.
"""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import httpx

from adapters.common.answers import document_of, retry_after
from adapters.common.calls import TIME_LIMIT, UNREADABLE, Calls, http_client
from adapters.common.carrier import REFUSALS, HttpCarrier
from adapters.common.listing import Listed
from adapters.common.senders import is_name
from adapters.common.values import Json
from adapters.common.whatsapp import WhatsApp, blanks_of
from adapters.twilio.answers import outcome_of, problem
from adapters.twilio.listing import copies, is_ours, messages_of, queries, received_by
from adapters.twilio.settings import TwilioSettings
from adapters.twilio.values import WHATSAPP, address
from adapters.twilio.webhooks import Webhooks
from domain.errors import NotAuthentic
from domain.inbound import InboundText
from domain.ports import Answer, CallOutcome, FoundText, OutgoingText, Retry
from domain.ways import Way

__all__ = ["Twilio", "http_client"]

LONGEST_VALIDITY = 36_000  # seconds: Twilio's own maximum
PAGE_SIZE, PAGES = 100, 3  # how far back a look-up reads: far more texts than one phone gets in a quarter of an hour
MOST_PAGES = 10  # what is read of the received texts
SAY_NOTHING = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'  # our own words leave as texts whose id we know


class Twilio(HttpCarrier):
    """One Twilio account as a carrier. `time_limit` is in seconds and bounds each call as a whole."""

    thanks = (Answer(200, SAY_NOTHING, "text/xml"), Answer(204))
    refusals: ClassVar[Mapping[type[Exception], int]] = {**REFUSALS, NotAuthentic: 403}

    def __init__(self, settings: TwilioSettings, client: httpx.AsyncClient, *, time_limit: float = TIME_LIMIT) -> None:
        self._settings = settings
        self._time_limit = time_limit
        auth = httpx.BasicAuth(settings.account_sid, settings.auth_tokens[0])
        self._calls = Calls(client, settings.api_url, auth=auth, time_limit=time_limit)
        self._messages = f"/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        self._reports = settings.public_url.rstrip("/") + "/api/webhooks/sms/status/"
        self.webhooks = Webhooks(settings)
        self.takes_replies = not is_name(settings.sender)
        self.speaks_whatsapp = settings.whatsapp is not None

    # ---- Outbound ----

    async def post(self, text: OutgoingText) -> CallOutcome:
        """POST once, as a form."""
        answer = await self._calls.send(self._messages, form=self._form(text))
        return outcome_of(answer) if isinstance(answer, httpx.Response) else answer

    async def find(self, text: OutgoingText, since: datetime) -> list[FoundText] | Retry:
        """Copies of the text in Twilio's list. The list lags by minutes, at times hours: absence proves nothing.

        There is no DateSent filter, because a message that waits to be sent has no such date.
        """
        try:
            async with asyncio.timeout(self._time_limit):
                query = {"To": address(text.to, text.by), "PageSize": str(PAGE_SIZE)}
                listed = await self._list(query, PAGES)
            return listed if isinstance(listed, Retry) else copies(listed.messages, text, self._settings, since)
        except UNREADABLE as error:
            return _unread(error)

    async def received(self, since: datetime) -> list[InboundText] | Retry:
        """Texts to our senders in Twilio's list. The time limit holds for each page. A list with more pages than are
        read is told as far as it was read, with a warning."""
        messages: list[Json] = []
        received = received_by(self._settings)
        for query in queries(self._settings, since):
            try:
                listed = await self._list(query, MOST_PAGES)
            except UNREADABLE as error:
                return _unread(error)
            if isinstance(listed, Retry):
                return listed
            received.warn_of_more(listed)
            messages += listed.messages
        return received.since(reversed(messages), since)

    async def _list(self, query: dict[str, str], pages: int) -> Listed | Retry:
        """What stands on the first pages of the message list. Raises what UNREADABLE names."""
        messages: list[Json] = []
        path, params = self._messages, query
        for _ in range(pages):
            response = await self._calls.get(path, params or None)
            if response.status_code != httpx.codes.OK:
                return Retry(problem(response)[1], retry_after(response))
            page = document_of(response)
            messages += messages_of(page)
            following = page.get("next_page_uri")
            if not isinstance(following, str) or not following.startswith(self._messages + "?"):
                # Only our own list is read further, and nothing else: our credentials go along.
                return Listed(messages, is_whole=not following)
            path, params = following, {}  # it has the query in it
        return Listed(messages, is_whole=False)

    def _form(self, text: OutgoingText) -> dict[str, str]:
        seconds = int(text.valid_for.total_seconds())
        whatsapp = self._settings.whatsapp if text.by is Way.WHATSAPP else None
        return {
            "To": address(text.to, text.by),
            **(_by_whatsapp(text, whatsapp) if whatsapp else self._by_sms(text)),
            "StatusCallback": self._reports + text.key,
            "ValidityPeriod": str(min(max(seconds, 1), LONGEST_VALIDITY)),
        }

    def _by_sms(self, text: OutgoingText) -> dict[str, str]:
        return {"MessagingServiceSid" if self._settings.service else "From": self._settings.sender, "Body": text.body}

    # ---- Inbound ----

    def is_for_us(self, text: InboundText) -> bool:
        """Whether it came to our number, to our Messaging Service, or to our number at WhatsApp."""
        return is_ours(self._settings, text.by, text.recipient, text.pool)


def _by_whatsapp(text: OutgoingText, whatsapp: WhatsApp) -> dict[str, str]:
    """Twilio names the blanks by their numbers, from 1, and takes no Body beside them."""
    sender = {"From": WHATSAPP + whatsapp.sender}
    if not text.blanks:
        return {**sender, "Body": text.body}
    blanks = {str(number): blank for number, blank in enumerate(blanks_of(text), 1)}
    _, content_sid = whatsapp.template(text.language)
    return {**sender, "ContentSid": content_sid, "ContentVariables": json.dumps(blanks, ensure_ascii=False)}


def _unread(error: Exception) -> Retry:
    return Retry(f"the message list: {type(error).__name__}")
