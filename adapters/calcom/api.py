"""The client of Cal.com's API v2, and the door for its webhooks.

Facts are from Cal.com's source (calcom/cal.com of October 2025, Cal.diy 6.2) and from cal.com/docs. What matters most:

- Confirm checks next to nothing and revives a cancelled booking, so the caller looks first. Nothing here is sent twice.
- Confirm and cancel return only after our own webhook endpoint has answered: never hold a lock across them.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime

import httpx

from adapters.calcom.answers import (
    bookings_in,
    done,
    misses_the_booking,
    occurrences_in,
    refusal,
    retry_after,
    series_named_in,
    status_of,
    told,
    verbs_told_by,
)
from adapters.calcom.connection import CalComSettings, Connection, Patience, Unanswered
from adapters.calcom.listing import PAGE_SIZE, PAGES, Listing, query_for
from adapters.calcom.payload import translate
from adapters.calcom.routes import LIST, LOOK, PROBE_UID, SPELLINGS, Route, Verbs
from adapters.calcom.signature import verify_signature
from adapters.calcom.values import DETAIL_CAP, Json, PayloadHints, cleaned, read_json
from domain.inbound import BookingRequested, CalendarNotice
from domain.ports import Calendar, CalendarStatus, CallOutcome, InDoubt, RawRequest, Rejected, Retry

log = logging.getLogger("replyes.calcom")


class CalCom(Calendar):
    """Cal.com as a `Calendar`. One instance per clinic, for one event loop."""

    def __init__(self, settings: CalComSettings, client: httpx.AsyncClient, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._connection = Connection(settings, client, self._patience)
        self._key = settings.api_key.strip()
        self._secrets = tuple(secret for secret in settings.webhook_secrets if secret.strip())
        self._hints = PayloadHints(settings.phone_field, settings.fallback_region, settings.time_zone)
        self._verbs = None if settings.verbs == "auto" else Verbs(settings.verbs)
        self._probing = asyncio.Lock()

    # ---- Inbound ----

    def receive(self, request: RawRequest) -> CalendarNotice:
        """Verify the signature, then translate. The content type is not asked: custom templates make it lie."""
        verify_signature(request, self._secrets)
        return translate(read_json(request.body), self._hints)

    # ---- Reading ----

    async def look(self, uid: str) -> CalendarStatus | Rejected | Retry:
        """GET the booking."""
        found = await self._booking(uid)
        return status_of(found) if isinstance(found, httpx.Response) else found

    async def series(self, uid: str) -> Mapping[str, CalendarStatus] | Rejected | Retry:
        """GET the booking, which names its series, then the series, which is answered as a list."""
        found = await self._booking(uid)
        if isinstance(found, httpx.Response) and (series := series_named_in(found)):
            found = await self._booking(series)
            return occurrences_in(found) if isinstance(found, httpx.Response) else _nothing_where_missing(found)
        return {} if isinstance(found, httpx.Response) else _nothing_where_missing(found)

    async def _booking(self, uid: str) -> httpx.Response | CalendarStatus | Rejected | Retry:
        """The 2xx; MISSING where Cal.com does not know the uid."""
        response = await self._connection.call(LOOK.method, LOOK.of(uid))
        if isinstance(response, Unanswered):
            return Retry(response.detail)
        if response.is_success:
            return response
        return CalendarStatus.MISSING if misses_the_booking(response) else self._unread(response)

    async def unconfirmed(self, since: datetime | None) -> list[BookingRequested] | Rejected | Retry:
        """GET the list, page by page; each page is a call of its own. A list that has more than can be read is told as
        far as it was read, and so is one with bookings that cannot be read, both with a warning."""
        listing = Listing(since, self._hints)
        is_whole = False
        for number in range(PAGES):
            page = await self._page(query_for(since, number))
            if isinstance(page, Rejected | Retry):
                return page
            brought_news = listing.take_in(page)
            is_whole = len(page) < PAGE_SIZE
            if is_whole or not brought_news:
                break
        if not is_whole:
            log.warning("Cal.com's list of unconfirmed bookings has more than could be read")
        if listing.unreadable:
            log.warning("Cal.com's list: %d unconfirmed bookings cannot be read", listing.unreadable)
        return listing.bookings()

    async def _page(self, query: Mapping[str, str]) -> list[Json] | Rejected | Retry:
        response = await self._connection.call(LIST.method, LIST.path, query=query)
        if isinstance(response, Unanswered):
            return Retry(response.detail)
        return bookings_in(response) if response.is_success else self._unread(response)

    def _unread(self, response: httpx.Response) -> Rejected | Retry:
        """Reading is harmless, so what leaves open what became of it is simply asked again."""
        return refusal(response, self._key) or Retry(told(response, self._key), retry_after(response))

    # ---- Acting ----

    async def confirm(self, uid: str) -> CallOutcome:
        """Confirm with the verb that this Cal.com knows."""
        verbs = await self.probe()
        if verbs is None:
            return _undecided()
        return await self._act(SPELLINGS[verbs].confirm, uid)

    async def cancel(self, uid: str, reason: str) -> CallOutcome:
        """Cancel with the verb that this Cal.com knows. A reason is required of a host, and any further property is
        refused (cancel-booking-input.pipe.ts)."""
        verbs = await self.probe()
        if verbs is None:
            return _undecided()
        return await self._act(SPELLINGS[verbs].cancel, uid, {"cancellationReason": cleaned(reason, DETAIL_CAP)})

    async def _act(self, route: Route, uid: str, body: Mapping[str, str] | None = None) -> CallOutcome:
        """Send once. Nothing of an answer is read but that it is one: the caller looks again after each act."""
        response = await self._connection.call(route.method, route.of(uid), body)
        if isinstance(response, Unanswered):
            return InDoubt(response.detail) if response.perhaps_sent else Retry(response.detail)
        if response.is_success:
            return done(response)
        return refusal(response, self._key) or InDoubt(told(response, self._key))

    # ---- The probe ----

    def speak(self, verbs: str) -> None:
        """Use these verbs from now on ("concept" or "live"), without asking."""
        self._verbs = Verbs(verbs)

    async def probe(self) -> Verbs | None:
        """Find out once how this Cal.com spells its verbs; None while it gives no answer that tells. Sends nothing that
        could change a booking, and nothing at all where the settings name the verbs."""
        try:
            async with asyncio.timeout(self._patience.probe), self._probing:
                if self._verbs is None:
                    self._verbs = await self._found_verbs()
                return self._verbs
        except TimeoutError:
            return None

    async def _found_verbs(self) -> Verbs | None:
        route = SPELLINGS[Verbs.LIVE].confirm
        response = await self._connection.call(route.method, route.of(PROBE_UID))
        verbs = None if isinstance(response, Unanswered) else verbs_told_by(response)
        if verbs is not None:
            log.info("Cal.com's verbs are those of %r, as a probe has found", verbs.value)
        return verbs


def _nothing_where_missing(found: CalendarStatus | Rejected | Retry) -> Mapping[str, CalendarStatus] | Rejected | Retry:
    return {} if isinstance(found, CalendarStatus) else found


def _undecided() -> Retry:
    return Retry("Cal.com has not told yet which verbs it knows; nothing was sent")
