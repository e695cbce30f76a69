"""GET /v2/bookings: the filters that a reconciliation needs, and the pages."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from entrypoints.sandbox.calendar import Refused
from entrypoints.sandbox.payloads import booking_json
from entrypoints.sandbox.world import Booking, Status

MOST_AT_ONCE = 250
USUALLY = 100
EVER = "0001-01-01T00:00:00Z"

# Cal.com's words for a list are not those for a state: "pending" is no filter, "unconfirmed" is.
FILTERS: dict[str, Callable[[Booking, datetime], bool]] = {
    "unconfirmed": lambda booking, now: booking.status is Status.PENDING and booking.ends_at >= now,
    "upcoming": lambda booking, now: booking.status is Status.ACCEPTED and booking.ends_at >= now,
    "past": lambda booking, now: booking.ends_at < now,
    "cancelled": lambda booking, _: booking.status in (Status.CANCELLED, Status.REJECTED),
    "recurring": lambda _booking, _now: False,
    "any": lambda _booking, _now: True,
}


def page_of(bookings: list[Booking], query: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """One page as the API answers it: {"data": […], "pagination": {…}}. Filters that we do not have are ignored."""
    take = _number(query, "take", USUALLY, 1, MOST_AT_ONCE)
    skip = _number(query, "skip", 0, 0, None)
    states = _states(query)
    after = _moment(query.get("afterCreatedAt", EVER))
    found = [
        booking
        for booking in bookings
        if booking.created_at >= after and any(FILTERS[state](booking, now) for state in states)
    ]
    page = found[skip : skip + take]
    rest = max(0, len(found) - skip - take)
    return {
        "data": [booking_json(booking) for booking in page],
        "pagination": {
            "totalItems": len(found),
            "remainingItems": rest,
            "returnedItems": len(page),
            "itemsPerPage": take,
            "currentPage": skip // take + 1,
            "totalPages": -(-len(found) // take),
            "hasNextPage": rest > 0,
            "hasPreviousPage": skip > 0,
        },
    }


def _states(query: Mapping[str, str]) -> list[str]:
    states = [state for state in query.get("status", "").split(",") if state]
    if not states:
        return ["any"]
    if not set(states) <= FILTERS.keys() - {"any"}:
        raise _bad(f"status must be among {', '.join(FILTERS.keys() - {'any'})}")
    return states


def _number(query: Mapping[str, str], name: str, usual: int, least: int, most: int | None) -> int:
    text = query.get(name, str(usual))
    number = int(text) if text.isdecimal() else -1
    if number < least or (most is not None and number > most):
        raise _bad(f"{name} is not a number that it may be")
    return number


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _bad("afterCreatedAt must be a moment in ISO 8601") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bad(message: str) -> Refused:
    return Refused(400, message, "BadRequestException")
