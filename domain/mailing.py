"""DELIVER, e-mails: a question with the link to a page on which it can be answered. A mail server has no list to look
in and reports nothing, so an e-mail in doubt is settled by the patient's answer, or by staff."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from domain import wording
from domain.booking import Booking
from domain.errands import Claimed
from domain.facts import Moment
from domain.inbound import Blame
from domain.inbox import Staff
from domain.ledger import Attempt, Outbox, Work
from domain.outcomes import TextOutcomes
from domain.ports import Letter, Mailer, Rejected
from domain.sending import Sending
from domain.speaking import Speaking
from domain.turning import has_email

NO_MAILER = Rejected("no mail server", "SMTP_URL is not set for this clinic", Blame.CONFIGURATION)


class Writing(Speaking):
    """Turns the errand of an e-mail into the letter that leaves."""

    async def write(self, claimed: Claimed, now: datetime) -> tuple[Claimed, Letter] | None:
        """The errand with its attempt marked, and the letter; None where nothing is to be asked any more."""
        return await self.decide(now, lambda moment: self._written(claimed, moment))

    async def _written(self, claimed: Claimed, moment: Moment) -> tuple[Claimed, Letter] | None:
        errand = claimed.errand
        waiting = [one for one in await self.bookings(errand.bookings) if _waits(one, moment.at)]
        if not waiting or not waiting[0].email:
            await self.append(Work(finished=errand.key))
            return None
        clinic = self.clinic(errand.clinic)
        subject, body = wording.letter(clinic, waiting, moment.at, self.links.link_to(errand.key))
        claimed = replace(claimed, text=body, attempted_at=moment.at)
        for booking in waiting:
            booking.put_question(errand.key, moment)
        await self.append(Work(changed=[*waiting], attempt=Attempt(claimed, moment.at, body)))
        return claimed, Letter(errand.key, waiting[0].email.readable, clinic.name, subject, body)


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
        mailer = self.mailers.get(claimed.errand.clinic)
        if mailer is None:
            await self._note(claimed, NO_MAILER)
        elif written := await self.writing.write(claimed, self.clock()):
            marked, letter = written
            await self._note(marked, await mailer.send(letter))

    async def _settle_doubt(self, claimed: Claimed) -> None:
        if await self.ledger.sent_for(claimed.errand.key):
            await self.outcomes.drop(claimed)
        else:
            await self._decide_doubt(claimed, self.writing.clinic(claimed.errand.clinic))


def _waits(booking: Booking, now: datetime) -> bool:
    over = booking.has_started(now) or booking.expire_at is None or booking.expire_at <= now
    return booking.is_open and has_email(booking) and not over
