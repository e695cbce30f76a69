"""Cal.com's list of unconfirmed bookings, put into the domain's words.

The API writes a booking down differently from a webhook. It is brought into the webhook's shape, so that one code
finds the patient, the phone and the moment in both.
"""

from datetime import UTC, datetime

from adapters.calcom.payload import is_pending, requested
from adapters.calcom.people import booker_of, moment
from adapters.calcom.values import Json, PayloadHints, as_object, uid_in
from domain.errors import NotUnderstood
from domain.inbound import BookingRequested

PAGE_SIZE, PAGES = 250, 20  # 250 is Cal.com's own maximum

_LAST = datetime.max.replace(tzinfo=UTC)


def query_for(since: datetime | None, page: int) -> dict[str, str]:
    """What to ask for on this page, counted from 0. The word for pending is "unconfirmed" here."""
    query = {"status": "unconfirmed", "sortCreated": "asc", "take": str(PAGE_SIZE), "skip": str(page * PAGE_SIZE)}
    if since is not None:
        written = since.astimezone(UTC).isoformat(timespec="milliseconds")
        query["afterCreatedAt"] = written.replace("+00:00", "Z")
    return query


class Listing:
    """The list, taken in page by page. It believes neither the server's filters nor its pages.

    `unreadable` counts the bookings that had to be left out because their uid or their start cannot be read.
    """

    def __init__(self, since: datetime | None, hints: PayloadHints) -> None:
        self._earliest = None if since is None else _millisecond(since)
        self._hints = hints
        self._uids: set[str] = set()
        self._found: list[tuple[datetime, BookingRequested]] = []
        self.unreadable = 0

    def take_in(self, page: list[Json]) -> bool:
        """Whether the page has brought a uid that no page before it had."""
        known = len(self._uids)
        for booking in page:
            self._take(booking)
        return len(self._uids) > known

    def bookings(self) -> list[BookingRequested]:
        """In the order in which they were made; last those of which Cal.com does not say when."""
        return [booking for _, booking in sorted(self._found, key=lambda pair: pair[0])]

    def _take(self, booking: Json) -> None:
        uid = uid_in(booking.get("uid"))
        if uid in self._uids:
            return
        if uid is not None:
            self._uids.add(uid)
        made_at = moment(booking.get("createdAt"))
        if not is_pending(booking) or self._is_too_old(made_at):
            return
        try:
            self._found.append((made_at or _LAST, requested(_as_payload(booking), self._hints)))
        except NotUnderstood:
            self.unreadable += 1

    def _is_too_old(self, made_at: datetime | None) -> bool:
        return self._earliest is not None and made_at is not None and made_at < self._earliest


def _as_payload(booking: Json) -> Json:
    """The booking as BOOKING_REQUESTED would have it. A booking with seats has its answers at the attendee."""
    booker = booker_of(booking)
    answers = as_object(booking.get("bookingFieldsResponses") or booker.get("bookingFieldsResponses"))
    return {
        "uid": booking.get("uid"),
        "startTime": booking.get("start"),
        "endTime": booking.get("end"),
        "length": booking.get("duration"),
        "attendees": [{**booker, "language": {"locale": booker.get("language")}}],
        "organizer": _first(booking.get("hosts")),
        "responses": {slug: {"value": value} for slug, value in answers.items()},
        "recurringEvent": booking.get("recurringBookingUid"),
        "rescheduleUid": booking.get("rescheduledFromUid"),
    }


def _first(values: object) -> Json:
    return as_object(values[0]) if isinstance(values, list) and values else {}


def _millisecond(moment: datetime) -> datetime:
    """Cal.com's moments have whole milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
