"""What the page shows, made from what the sandbox remembers and what the product says of its bookings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from entrypoints.sandbox.forms import readable_phone
from entrypoints.sandbox.payloads import ZONE
from entrypoints.sandbox.world import NO_ANSWER, Arrow, Booking, Call, Direction, Message, Status, World

UNKNOWN_STATE = "–"
NOON = 12
SUCCESS = range(200, 300)

# What the host may do in Cal.com, by the booking's status there: the form's value and the button's label.
HOST_ACTS: Mapping[Status, tuple[tuple[str, str], ...]] = {
    Status.PENDING: (("confirm", "Confirm"), ("decline", "Decline"), ("cancel", "Cancel")),
    Status.ACCEPTED: (("cancel", "Cancel"),),
    Status.REJECTED: (("confirm", "Confirm after all"),),
    Status.CANCELLED: (("confirm", "Confirm after all"),),
}


@dataclass(frozen=True)
class Tab:
    """One phone that can be looked at."""

    phone: str
    label: str
    patient: str
    chosen: bool


@dataclass(frozen=True)
class ChatLine:
    """A bubble ("in", "out") or a line of the log between bubbles ("call"). `note` stands beneath it."""

    key: str
    kind: str
    text: str
    note: str


@dataclass(frozen=True)
class BookingCard:
    """A booking with both its states: `state` is the product's, `status` Cal.com's."""

    uid: str
    patient: str
    practitioner: str
    when: str
    state: str
    status: str
    reason: str
    acts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CallLine:
    """One line of the log: "→ PATCH /v2/bookings/…/confirm 200". `tone`: waiting, good or bad."""

    key: str
    at: str
    arrow: str
    method: str
    path: str
    status: str
    tone: str
    note: str


@dataclass(frozen=True)
class View:
    """The whole page. `chosen` is None until there is a phone."""

    tabs: list[Tab]
    chosen: Tab | None
    state: str
    blocked: bool
    chat: list[ChatLine]
    bookings: list[BookingCard]
    calls: list[CallLine]
    verbs: str


def look(world: World, states: Mapping[str, str], wanted: str | None) -> View:
    """The page for the phone that is wanted, or else for the one that was heard from last."""
    tabs = _tabs(world, wanted)
    chosen = next((tab for tab in tabs if tab.chosen), None)
    phone = chosen.phone if chosen else ""
    theirs = [booking for booking in world.bookings if booking.phone == phone]
    return View(
        tabs=tabs,
        chosen=chosen,
        state=states.get(theirs[-1].uid, UNKNOWN_STATE) if theirs else "",
        blocked=world.blocks(phone),
        chat=_chat(world, phone, {booking.uid for booking in theirs}),
        bookings=[_card(booking, states) for booking in reversed(world.bookings)],
        calls=[_call_line(call) for call in world.calls],
        verbs=world.verbs.value,
    )


def readable_moment(moment: datetime) -> str:
    """Tue 12 May at 10:30 am"""
    local = moment.astimezone(ZONE)
    half, hour = ("am", "pm")[local.hour // NOON], local.hour % NOON or NOON
    return f"{local:%a} {local.day} {local:%b} at {hour}:{local:%M} {half}"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%H:%M:%S}"


def _tabs(world: World, wanted: str | None) -> list[Tab]:
    names = {message.phone: "" for message in world.messages}
    names |= {booking.phone: booking.patient for booking in world.bookings}
    chosen = wanted if wanted in names else _last_heard(world)
    return [Tab(phone, readable_phone(phone), patient, phone == chosen) for phone, patient in names.items()]


def _last_heard(world: World) -> str | None:
    heard = [(message.at, message.phone) for message in world.messages]
    booked = [(booking.created_at, booking.phone) for booking in world.bookings]
    return max(heard + booked, default=(None, None))[1]


def _chat(world: World, phone: str, uids: set[str]) -> list[ChatLine]:
    """Bubbles, and among them the calls that decided this patient's bookings, as they came."""
    bubbles = [(message.at, _bubble(message)) for message in world.messages if message.phone == phone]
    calls = [(call.at, _chat_call(call)) for call in world.calls if call.uid in uids and _decided(call)]
    return [line for _, line in sorted(bubbles + calls, key=lambda pair: pair[0])]


def _decided(call: Call) -> bool:
    return call.arrow is Arrow.OUTWARD and call.method != "GET" and call.status in SUCCESS


def _bubble(message: Message) -> ChatLine:
    kind = "in" if message.direction is Direction.IN else "out"
    fate = "" if message.status == "received" else f" · {message.status}"
    return ChatLine(message.sid, kind, message.text, _clock(message.at) + fate)


def _chat_call(call: Call) -> ChatLine:
    path = call.path.replace(call.uid or "", ":uid")
    return ChatLine(f"chat-call-{call.number}", "call", f"{call.arrow.value} {call.method} {path}", "")


def _card(booking: Booking, states: Mapping[str, str]) -> BookingCard:
    return BookingCard(
        uid=booking.uid,
        patient=booking.patient,
        practitioner=booking.practitioner,
        when=readable_moment(booking.starts_at),
        state=states.get(booking.uid, UNKNOWN_STATE),
        status=booking.status.value,
        reason=booking.reason,
        acts=HOST_ACTS[booking.status],
    )


def _call_line(call: Call) -> CallLine:
    status, tone = _outcome(call.status)
    path = call.short_path
    return CallLine(
        f"call-{call.number}", _clock(call.at), call.arrow.value, call.method, path, status, tone, call.note
    )


def _outcome(status: int | None) -> tuple[str, str]:
    if status is None:
        return "…", "waiting"
    if status == NO_ANSWER:
        return "no answer", "bad"
    return str(status), "good" if status in SUCCESS else "bad"
