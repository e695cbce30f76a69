"""Random histories: everything that can happen to a few bookings and phones of two clinics, through the real use cases.

A history is a list of steps; a step is what happens at the same time. Each happening is a name and two numbers that
choose among what there is, so that any list makes a history, and a failing one can be made shorter.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from domain.answers import Answers
from domain.channels import Channel
from domain.clinics import Clinic, OnExpiry
from domain.confirmations import Confirmations
from domain.deadlines import deadlines
from domain.decisions import Decisions
from domain.desk import Desk
from domain.errands import Claimed, Kind
from domain.errors import ClaimLost, NotPossible
from domain.expiry import Expiry
from domain.facts import Moment, booking_id
from domain.inbound import Blame, BookingSettled, ConsentHint, Delivery, DeliveryReport, InboundText, Settlement
from domain.inbox import Care, Staff
from domain.ledger import Work
from domain.link_answers import LinkAnswers
from domain.mailing import Writing
from domain.offering import Offering
from domain.outcomes import CalendarOutcomes, TextOutcomes
from domain.ports import CalendarStatus, Rejected
from domain.reminders import Reminders
from domain.replies import Answer
from domain.speech import Speech
from domain.ways import Way
from tests.adapters.storage.rooms import Rooms
from tests.databases import column, meddle
from tests.examples import CLINIC_NUMBER, NOW, START, a_clinic, a_request

Happening = tuple[str, int, int]
Step = Sequence[Happening]

CLINICS: dict[str, Clinic] = {
    "main": a_clinic(on_expiry=OnExpiry.CANCEL),
    "east": a_clinic(key="east", max_clarifications=1, languages=("en", "de"), ways=tuple(Way)),
}
NAMES = ["Zoë de la Quartermain", "Bartholomäus Ådlęr", "Xiomara O'Neil-Vance"]
PHONES = ["+12025550143", "+12025550144", "+4915123456789", None]
EMAILS = ["zoe@patients.example", "parents@home.example", None]
BLAMES = [None, None, Blame.NO_WAY, Blame.FILTERED, Blame.OPTED_OUT]
UIDS = [f"uid{number}" for number in range(6)]
WORDS = [
    *("yes", "NO", "Yes please", "no thanks", "YES", "no", "maybe, is quarter past fine for my knee?", "START"),
    *("help", "CANCEL", "stop texting me you fools", "", "ja", "👍"),
]
HINTS = [None, None, None, None, *ConsentHint]
MESSAGES = [f"SM-in-{number}" for number in range(40)]


class History:
    """What has happened so far at one store."""

    def __init__(self, store: Rooms) -> None:
        self.store = store
        self.now = NOW
        self.sent = 0
        self.confirmations = Confirmations(store.ledger, CLINICS)
        self.answers = Answers(store.ledger, CLINICS)
        links = Offering(lambda errand: f"https://replyes.example.org/c/{errand}", {})
        self.speech = Speech(store.ledger, CLINICS, links)
        self.writing = Writing(store.ledger, CLINICS, links)
        self.text_outcomes = TextOutcomes(store.ledger, CLINICS)
        self.link_answers = LinkAnswers(self.text_outcomes, store.outbox)
        self.calendar_outcomes = CalendarOutcomes(store.ledger, CLINICS)
        self.expiry = Expiry(store.ledger, CLINICS)
        self.reminders = Reminders(store.ledger, CLINICS)
        self.decisions = Decisions(store.ledger, CLINICS)
        self.desk = Desk(store.ledger, CLINICS)

    async def run(self, steps: Sequence[Step]) -> None:
        for step in steps:
            await asyncio.gather(*(HAPPENINGS[name](self, a, b) for name, a, b in step))
            self.now += timedelta(seconds=1)

    # -- What the calendar and the patients do --------------------------------------------------------------------

    async def requested(self, a: int, b: int) -> None:
        starts_at = START + timedelta(days=b % 3)
        request = a_request(
            uid=_one_of(UIDS, a),
            phone=_one_of(PHONES, a // 2 + b),
            patient_name=_one_of(NAMES, a),
            email=_one_of(EMAILS, a + b),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            rescheduled_from=_one_of(UIDS, a + 1) if b % 5 == 0 else None,
            told_at=self._told_at(b),
        )
        await self.confirmations.receive(_clinic(b), request, self.now)

    async def settled(self, a: int, b: int) -> None:
        other = BookingSettled(_one_of(UIDS, a + 1), Settlement.CONFIRMED) if b % 4 == 0 else None
        notice = BookingSettled(
            uid=_one_of(UIDS, a),
            how=_one_of(list(Settlement), b),
            seat=b == 5,
            phone=_one_of(PHONES, a + b),
            replaced_by=other,
            told_at=self._told_at(a),
        )
        await self.confirmations.receive(_clinic(a // 3), notice, self.now)

    async def texted(self, a: int, b: int) -> None:
        text = InboundText(
            message_id=_one_of(MESSAGES, a * 3 + b),
            sender=_one_of(PHONES[:3], b),
            recipient=CLINIC_NUMBER,
            text=_one_of(WORDS, a),
            pictures=a % 2,
            hint=_one_of(HINTS, a + b),
            sent_at=self.now - timedelta(hours=b) if (a + b) % 6 == 0 else None,
        )
        await self.answers.hear(_clinic(b // 2), text, self.now)

    async def waited(self, a: int, _: int) -> None:
        self.now += timedelta(hours=a)

    # -- What we do -----------------------------------------------------------------------------------------------

    async def worked(self, a: int, b: int) -> None:
        """A worker takes what is due; every errand ends in its own way, and some are forgotten in a crash."""
        chance = random.Random(a * 1000 + b)  # only the outcomes of one round, chosen by the history's numbers
        for claimed in sorted(await self.store.outbox.claim(self.now, 1 + a % 4), key=_what_it_is_about):
            with suppress(ClaimLost):  # an answer came before the question was marked
                carried_out = self._calls if claimed.errand.kind.channel is Channel.CALENDAR else self._speaks
                await carried_out(claimed, chance.randrange(13))

    async def _speaks(self, claimed: Claimed, how: int) -> None:
        if not claimed.in_doubt:
            writes = claimed.errand.kind.channel is Channel.EMAIL
            prepared = await (self.writing.write if writes else self.speech.prepare)(claimed, self.now)
            if not isinstance(prepared, tuple):
                return
            claimed = prepared[0]
        if how < 6:
            await self.text_outcomes.accepted(claimed, self._message_id(), "call", self.now)
        elif how < 8:
            opted_out, landline = (
                Rejected("21610", "", Blame.OPTED_OUT),
                Rejected("30006", f"{PHONES[0]} is a landline", Blame.NO_WAY),
            )
            await self.text_outcomes.rejected(claimed, opted_out if how == 7 else landline, self.now)
        elif how == 8:
            await self.text_outcomes.given_up(claimed, Staff.TEXT_IN_DOUBT, "nobody can tell", self.now)
        elif how < 11:
            await self.store.outbox.put_back(claimed, self.now, "later", attempted=how == 9)
        elif how == 11:
            await self.text_outcomes.closed(claimed, Staff.CARRIER_CLOSED, "20003", self.now)

    async def _calls(self, claimed: Claimed, how: int) -> None:
        fits = claimed.errand.kind is Kind.CONFIRM_IN_CALENDAR
        if how < 6:
            status = CalendarStatus.ACCEPTED if fits else CalendarStatus.CANCELLED
            await self.calendar_outcomes.agreed(claimed, status, "call", self.now)
        elif how < 9:
            status = _one_of([*CalendarStatus, None], how)
            await self.calendar_outcomes.refused(claimed, status, self.now, code="400", detail="too late, dear Zoë")
        elif how < 11:
            await self.store.outbox.put_back(claimed, self.now, "later", attempted=how == 9)
        elif how == 11:
            await self.calendar_outcomes.closed(claimed, "401", self.now)

    async def reported(self, a: int, b: int) -> None:
        """A delivery report: by the key of an errand that was attempted, or by the carrier's id alone."""
        errands = sorted(column(self.store.url, "SELECT errand FROM sent_texts UNION SELECT errand FROM outbox"))
        key = _one_of(errands, a) if errands and b % 2 else None
        message_id = self._message_id() if key else f"SM-out-{a % (self.sent + 1)}"
        report = DeliveryReport(message_id, _one_of(list(Delivery), b), key, "30003", _one_of(BLAMES, a))
        await self.text_outcomes.reported(_clinic(a), report, self.store.outbox, self.now)

    async def answered_by_link(self, a: int, b: int) -> None:
        """A button is pressed on the page of a question that has left, or may have."""
        errands = sorted(column(self.store.url, "SELECT errand FROM sent_texts UNION SELECT errand FROM outbox"))
        if not errands:
            return
        errand, answer = _one_of(errands, a), Answer.YES if b % 2 else Answer.NO
        with suppress(NotPossible):
            asked = await self.link_answers.look(errand, self.now)
            shown = {one.id: one.starts_at.isoformat() for one in asked.bookings if one.starts_at and b % 5}
            await self.link_answers.answer(errand, answer, shown, self.now)

    async def leases_ran_out(self, _: int, __: int) -> None:
        """Every worker has died."""
        meddle(self.store.url, "UPDATE outbox SET lease_until = 0")

    async def expired(self, a: int, _: int) -> None:
        self.now += timedelta(hours=12 * a)
        await self.expiry.run(self.now)

    async def reminded(self, a: int, _: int) -> None:
        self.now += timedelta(hours=6 * a)
        await self.reminders.run(self.now)

    async def staff_decided(self, a: int, b: int) -> None:
        """A person decides for a patient, asks again, or takes care of an item."""
        stream = booking_id(_clinic(b), _one_of(UIDS, a))
        with suppress(NotPossible):
            if b % 4 == 0:
                await self.desk.ask_again(stream, "Anna", self.now)
            elif b % 4 == 1:
                await self.desk.show_phone(stream, "Anna", self.now)
            for item in await self.store.ledger.open_items(stream):
                care = Care.CALLING if b % 2 else Care.DONE
                await self.desk.take_care(item.stream, item.version, care, "Anna", self.now)

        async def decision(moment: Moment) -> None:
            booking = await self.store.ledger.booking(booking_id(_clinic(b), _one_of(UIDS, a)))
            if booking is None:
                return
            with suppress(NotPossible):
                (booking.staff_confirms if b % 2 else booking.staff_cancels)("front desk", moment)
            if booking.starts_at and b % 3 == 0:
                booking.set_deadlines(deadlines(moment.at, booking.starts_at, CLINICS["main"]), moment)
            await self.decisions.append(Work(changed=[booking]))

        await self.decisions.decide(self.now, decision)

    def _told_at(self, number: int) -> datetime | None:
        """Notices overtake each other, and some have no date."""
        return self.now - timedelta(seconds=number % 3) if number % 4 else None

    def _message_id(self) -> str:
        self.sent += 1
        return f"SM-out-{self.sent}"


HAPPENINGS: dict[str, Callable[[History, int, int], Awaitable[None]]] = {
    "requested": History.requested,
    "settled": History.settled,
    "texted": History.texted,
    "worked": History.worked,
    "reported": History.reported,
    "answered_by_link": History.answered_by_link,
    "waited": History.waited,
    "leases_ran_out": History.leases_ran_out,
    "expired": History.expired,
    "reminded": History.reminded,
    "staff_decided": History.staff_decided,
}
PRIVATE = [
    *NAMES,
    *(known for known in [*EMAILS, *PHONES] if known),
    *(words for words in WORDS if len(words) > 9),
]


def _what_it_is_about(claimed: Claimed) -> tuple[object, ...]:
    """An order that is the same in every run: those that are due together come in any."""
    errand = claimed.errand
    return errand.bookings, errand.kind, errand.version


def _one_of(things: Sequence, number: int):  # type: ignore[no-untyped-def, type-arg]
    return things[number % len(things)]


def _clinic(number: int) -> str:
    return "east" if number % 4 == 3 else "main"
