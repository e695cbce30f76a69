"""DELIVER, e-mails: a question with the link to a page on which it can be answered. A mail server has no list to look
in and reports nothing, so an e-mail in doubt is settled by the patient's answer, or by staff."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain import wording
from domain.booking import Booking
from domain.conversation import Conversation
from domain.correspondence import Withheld
from domain.errands import Claimed, Errand
from domain.facts import Moment
from domain.inbound import Blame
from domain.inbox import Staff
from domain.ledger import Attempt, Outbox, Work
from domain.outcomes import TextOutcomes
from domain.ports import Letter, Mailer, Rejected
from domain.sending import Sending
from domain.speaking import Speaking
from domain.ways import Way

NO_MAILER = Rejected("no mail server", "SMTP_URL is not set for this clinic", Blame.CONFIGURATION)


class Writing(Speaking):
    """Turns the errand of an e-mail into the letter that leaves."""

    async def write(self, claimed: Claimed, now: datetime) -> tuple[Claimed, Letter] | None:
        """The errand with its attempt marked, and the letter; None where nothing is to be asked any more."""
        return await self.decide(now, lambda moment: self._written(claimed, moment))

    async def _written(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, Letter] | None:
        errand = claimed.errand
        conversation = await self.ledger.conversation(errand.conversation or "")
        bookings = await self.bookings(errand.bookings)
        waiting = [one for one in bookings if _waits(one, moment.at) and not _is_covered(one, errand)]
        if not waiting or not waiting[0].email:
            await self.append(Work(finished=errand.key))
            return None
        if conversation is not None and conversation.opted_out:
            streams, told = tuple(one.id for one in waiting), Withheld.OPTED_OUT
            conversation.text_withheld(errand.kind, errand.key, moment, reason=told, bookings=streams)
            conversation.hand_to_staff(Staff.OPTED_OUT, moment, bookings=streams)
            await self.append(Work(changed=[conversation], finished=errand.key))
            return None
        return await self._put(claimed, conversation, waiting, moment)

    async def _put(
        self, claimed: Claimed, conversation: Conversation | None, waiting: Sequence[Booking], moment: Moment
    ) -> tuple[Claimed, Letter]:
        """Fix the question before the mail server is called; a STOP at the same time is met as a version conflict."""
        key, clinic = claimed.errand.key, self.clinic(claimed.errand.clinic)
        subject, body = wording.letter(clinic, waiting, moment.at, self.links.link_to(key))
        claimed = replace(claimed, text=body, attempted_at=moment.at)
        changed: list[Booking | Conversation] = [*waiting]
        if conversation is not None and any(one.question != key for one in waiting):  # tried again, it is the same one
            conversation.ask(key, tuple(one.id for one in waiting), body, moment, claimed.errand.kind)
            changed.append(conversation)
        for booking in waiting:
            booking.put_question(key, moment, Way.EMAIL)
        await self.append(Work(changed=changed, attempt=Attempt(claimed, moment.at, body)))
        to = waiting[0].email.readable if waiting[0].email else ""
        return claimed, Letter(key, to, clinic.name, subject, body)


class Mailing(Sending):
    """Sends e-mails. `mailers` by the clinic's key; a clinic without one has none set up."""

    who = "the mail server"
    closed = Staff.MAIL_CLOSED

    def __init__(
        self,
        writing: Writing,
        outcomes: TextOutcomes,
        outbox: Outbox,
        mailers: Mapping[str, Mailer],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(outcomes, outbox, clock)
        self.writing = writing
        self.mailers = mailers

    async def carry_out(self, claimed: Claimed) -> None:
        """Send the e-mail, or settle what became of it."""
        if claimed.in_doubt:
            await self._settle_doubt(claimed)
            return
        if written := await self.writing.write(claimed, self.clock()):
            marked, letter = written
            mailer = self.mailers.get(claimed.errand.clinic)
            await self._note(marked, await mailer.send(letter) if mailer else NO_MAILER)

    async def _settle_doubt(self, claimed: Claimed) -> None:
        if await self.ledger.sent_for(claimed.errand.key):
            await self.outcomes.drop(claimed)
        else:
            await self._decide_doubt(claimed, self.writing.clinic(claimed.errand.clinic))


def _waits(booking: Booking, now: datetime) -> bool:
    return booking.is_open and booking.has_email and not booking.is_over(now)


def _is_covered(booking: Booking, errand: Errand) -> bool:
    """Whether another e-mail has asked about it since this one was queued, or, where a phone is asked first, a question
    about its new start will."""
    moved = errand.conversation is not None and booking.decided_at is not None and booking.decided_at > errand.queued_at
    asked = booking.mailed_at is not None and booking.mailed_at >= errand.queued_at
    return booking.question != errand.key and (moved or asked)
