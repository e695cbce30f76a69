"""DECIDE: what became of an errand. One acceptance for each errand, whoever proves it first; later proofs change
nothing. The errand's row goes in the commit of its outcome."""

from datetime import datetime

from domain.booking import Booking
from domain.conversation import Conversation
from domain.decisions import Decisions
from domain.errands import Claimed, Errand, Kind
from domain.facts import Moment, Private
from domain.inbound import Blame, Delivery, DeliveryReport
from domain.inbox import Staff
from domain.ledger import GivenUp, Outbox, SentText, Work
from domain.lifecycle import State
from domain.ports import CalendarStatus, Rejected
from domain.saying.segments import segments
from domain.turning import Failed, Speaker, Turning
from domain.ways import Way


class TextOutcomes(Turning):
    """What became of our texts, and of our e-mails."""

    async def accepted(self, claimed: Claimed, message_id: str, proved_by: str, now: datetime) -> None:
        """The carrier has the text under this id."""
        await self.decide(now, lambda moment: self._accepted(claimed, message_id, proved_by, moment))

    async def rejected(self, claimed: Claimed, rejection: Rejected, now: datetime) -> None:
        """The carrier will not send it; staff has to reach the patient in another way."""
        await self.decide(now, lambda moment: self._rejected(claimed, rejection, moment))

    async def given_up(self, claimed: Claimed, reason: Staff, why: str, now: datetime) -> None:
        """Nobody can tell whether the text left, or it never could: a person decides. The errand stays visible."""
        await self.decide(now, lambda moment: self._given_up(claimed, reason, why, moment))

    async def closed(self, claimed: Claimed, reason: Staff, code: str, now: datetime) -> None:
        """The other side refuses our account: staff hears of it at once, the errand waits."""
        await self.decide(now, lambda moment: self._closed(claimed, reason, code, moment))

    async def reported(self, clinic: str, report: DeliveryReport, outbox: Outbox, now: datetime) -> None:
        """A carrier's report. It proves that the text was accepted; then it tells how far the text came, and never
        takes that down again. A report on a text that is not this clinic's changes nothing. Raises UnknownClinic."""
        self.clinic(clinic)
        sent = await self._sent(report)
        if sent is None and report.key and (claimed := await outbox.get(report.key)) and _of(clinic, claimed):
            await self.accepted(claimed, report.message_id, "report", now)
            sent = await self._sent(report)
        if sent is not None and sent.clinic == clinic and report.status.rank > sent.status.rank:
            await self.decide(now, lambda moment: self._reported(report, moment))

    async def _sent(self, report: DeliveryReport) -> SentText | None:
        """By the carrier's id, which belongs to one text for ever; by the key where a reply proved the text before
        the carrier named it."""
        by_id = await self.ledger.sent_text(report.message_id)
        return by_id or (await self.ledger.sent_for(report.key) if report.key else None)

    async def _accepted(self, claimed: Claimed, message_id: str, proved_by: str, moment: Moment) -> None:
        await self.append(await self.acceptance(claimed, message_id, proved_by, moment))

    async def acceptance(self, claimed: Claimed, message_id: str, proved_by: str, moment: Moment) -> Work:
        """Everything that an acceptance stores: the errand is finished, and, where nobody has proved it before, its
        streams tell of it, its own first."""
        errand, work = claimed.errand, Work(finished=claimed.errand.key)
        if await self.ledger.sent_for(errand.key) is None:
            work.changed = await self.speakers(errand)
            words = Private(errand.conversation or errand.stream, claimed.text)
            for speaker in work.changed:
                if errand.kind.asks and isinstance(speaker, Booking):
                    is_first = speaker.state is State.REQUESTED
                    speaker.question_accepted(errand.key, message_id, proved_by, moment, errand.kind)
                    if speaker.conversation or not is_first:
                        continue  # it is told in the conversation, or has just been told here
                about = spoken_of(errand, work.changed)
                is_told = errand.kind.asks and isinstance(speaker, Conversation)  # with QuestionAsked
                said = None if is_told else words
                speaker.text_accepted(
                    errand.kind,
                    errand.key,
                    moment,
                    message_id=message_id,
                    proved_by=proved_by,
                    words=said,
                    bookings=about,
                    segments=segments(claimed.text) if errand.kind.way in (None, Way.SMS) else 0,
                )
        return work

    async def _rejected(self, claimed: Claimed, rejection: Rejected, moment: Moment) -> None:
        errand = claimed.errand
        speakers = await self.speakers(errand)
        about, speaker = spoken_of(errand, speakers), speakers[0]
        speaker.text_refused(
            errand.kind, errand.key, moment, code=rejection.code, detail=rejection.detail, bookings=about
        )
        work = Work(changed=[speaker], finished=errand.key)
        if rejection.blame is Blame.OPTED_OUT:
            await self._opt_out(errand.conversation, rejection.code, work, moment)
        told = Staff.TEXT_REFUSED, f"{errand.kind}, code {rejection.code}"
        failed = Failed(errand.kind.way, about, rejection.blame, rejection.code, *told, errand=errand.key)
        await self._not_arrived(errand.kind, failed, speaker, work, moment)
        await self.append(work)

    async def _not_arrived(self, kind: Kind, failed: Failed, speaker: Speaker, work: Work, moment: Moment) -> None:
        """A question is asked by another way; anything else that a patient was to be told is told by a person."""
        if kind.asks:
            await self.turn(failed, speaker, work, moment)
        else:
            speaker.hand_to_staff(failed.reason, moment, failed.detail, failed.bookings)

    async def _opt_out(self, stream: str | None, code: str, work: Work, moment: Moment) -> None:
        """The carrier knows of an opt-out that we have not heard."""
        if conversation := await self.conversation_in(work, stream):
            conversation.opt_out("carrier", code, "", moment)

    async def _given_up(self, claimed: Claimed, reason: Staff, why: str, moment: Moment) -> None:
        speakers = await self.speakers(claimed.errand)
        detail = f"{claimed.errand.kind}: {why}" if why else str(claimed.errand.kind)
        about, never_left = spoken_of(claimed.errand, speakers), reason is Staff.TEXT_GIVEN_UP
        work = Work(changed=speakers[:1], given_up=GivenUp(claimed, detail, undone=never_left))
        if never_left:
            failed = Failed(claimed.errand.kind.way, about, None, "", reason, detail, errand=claimed.errand.key)
            await self._not_arrived(claimed.errand.kind, failed, speakers[0], work, moment)
        else:
            speakers[0].hand_to_staff(reason, moment, detail, about)
        await self.append(work)

    async def _closed(self, claimed: Claimed, reason: Staff, code: str, moment: Moment) -> None:
        speaker = await self._stream(claimed.errand.stream)
        speaker.hand_to_staff(reason, moment, code, claimed.errand.bookings)
        await self.append(Work(changed=[speaker]))

    async def _reported(self, report: DeliveryReport, moment: Moment) -> None:
        sent = await self._sent(report)
        if sent is None or report.status.rank <= sent.status.rank:
            return
        streams = list(sent.bookings) if sent.kind.asks else [sent.stream]
        work = Work()
        for stream in streams:
            speaker = await self._stream(stream)
            speaker.delivery_reported(
                sent.kind,
                sent.errand,
                moment,
                message_id=report.message_id,
                status=report.status,
                error_code=report.error_code,
                bookings=sent.bookings,
            )
            work.changed.append(speaker)
        if report.blame is Blame.OPTED_OUT:
            await self._opt_out(_conversation_of(work.changed), report.error_code, work, moment)
        if report.status is Delivery.UNDELIVERED:
            detail = f"{sent.kind}, code {report.error_code or 'unknown'}"
            told = Staff.TEXT_NOT_DELIVERED, detail
            failed = Failed(sent.kind.way, sent.bookings, report.blame, report.error_code, *told, errand=sent.errand)
            await self._not_arrived(sent.kind, failed, work.changed[0], work, moment)
        await self.append(work)

    async def is_moot(self, claimed: Claimed) -> bool:
        """Whether it is a question to which nobody needs an answer any more."""
        speakers = await self.speakers(claimed.errand)
        bookings = await self.bookings(spoken_of(claimed.errand, speakers))
        return claimed.errand.kind.asks and not any(booking.is_open for booking in bookings)

    async def speakers(self, errand: Errand) -> list[Speaker]:
        """The streams that tell of this errand: its own, or for a question the conversation and every booking that the
        question names; an e-mail leaves out what had been settled or moved when it was written."""
        conversation = await self.ledger.conversation(errand.conversation or "") if errand.kind.asks else None
        if conversation is None:
            return [await self._stream(errand.stream)]
        questions = [question for question in (conversation.asking, conversation.question) if question is not None]
        named = next((question.bookings for question in questions if question.errand == errand.key), errand.bookings)
        bookings = await self.bookings(named)
        if errand.kind is Kind.ASK_BY_EMAIL:
            bookings = [one for one in bookings if one.question == errand.key]
        return [conversation, *bookings]

    async def _stream(self, stream: str) -> Speaker:
        found = await self.ledger.conversation(stream) or await self.ledger.booking(stream)
        if found is None:
            raise LookupError(f"there is no stream {stream}")
        return found


class CalendarOutcomes(Decisions):
    """What became of our calls to the calendar."""

    async def agreed(self, claimed: Claimed, status: CalendarStatus | None, proved_by: str, now: datetime) -> None:
        """The calendar shows what was decided; None where only its answer to our call says so."""
        await self.decide(now, lambda moment: self._agreed(claimed, status, proved_by, moment))

    async def refused(
        self, claimed: Claimed, status: CalendarStatus | None, now: datetime, *, code: str = "", detail: str = ""
    ) -> None:
        """The call came too late, or came to nothing: what the calendar shows is how it stays."""
        await self.decide(now, lambda moment: self._refused(claimed, status, code, detail, moment))

    async def closed(self, claimed: Claimed, code: str, now: datetime) -> None:
        """The calendar refuses our key or our address: staff hears of it at once, the errand goes on."""
        await self.decide(now, lambda moment: self._called(Staff.CALENDAR_CLOSED, claimed, code, moment))

    async def held_up(self, claimed: Claimed, now: datetime) -> None:
        """Other dates of the series are not decided: staff hears of it at once, the errand waits."""
        await self.decide(now, lambda moment: self._called(Staff.SERIES_UNDECIDED, claimed, "", moment))

    async def _agreed(self, claimed: Claimed, status: CalendarStatus | None, proved_by: str, moment: Moment) -> None:
        work = Work(finished=claimed.errand.key)
        if booking := await self._undecided(claimed):
            booking.calendar_agrees(status, proved_by, moment)
            work.changed = [booking]
        await self.append(work)

    async def _refused(
        self, claimed: Claimed, status: CalendarStatus | None, code: str, detail: str, moment: Moment
    ) -> None:
        work = Work(finished=claimed.errand.key)
        if booking := await self._undecided(claimed):
            if status is not None and _is_opposite(claimed.errand.kind, status):
                booking.calendar_refuses(status, code, detail, moment)
            else:
                booking.calendar_fails(status, code, detail, moment)
            told = f"{claimed.errand.kind}: {status or 'unknown'} {code}".strip()
            booking.hand_to_staff(Staff.CALENDAR_REFUSED, moment, told, (booking.id,))
            work.changed = [booking]
        await self.append(work)

    async def _called(self, reason: Staff, claimed: Claimed, detail: str, moment: Moment) -> None:
        if booking := await self._undecided(claimed):
            booking.hand_to_staff(reason, moment, detail, (booking.id,))
            await self.append(Work(changed=[booking]))

    async def _undecided(self, claimed: Claimed) -> Booking | None:
        """The booking, if the decision of this errand still waits for the calendar."""
        booking = await self.ledger.booking(claimed.errand.stream)
        if booking is None or booking.unsettled != claimed.errand.version:
            return None
        return booking


def spoken_of(errand: Errand, speakers: list[Speaker]) -> tuple[str, ...]:
    """The bookings that a text speaks of."""
    return tuple(speaker.id for speaker in speakers if isinstance(speaker, Booking)) or errand.bookings


def _of(clinic: str, claimed: Claimed) -> bool:
    """Whether a report can prove this errand: it is in doubt, and the clinic's own."""
    return claimed.in_doubt and claimed.errand.clinic == clinic


def _conversation_of(speakers: list[Speaker]) -> str | None:
    return next((one.id if isinstance(one, Conversation) else one.conversation for one in speakers), None)


def _is_opposite(kind: Kind, status: CalendarStatus) -> bool:
    if kind is Kind.CONFIRM_IN_CALENDAR:
        return status in (CalendarStatus.CANCELLED, CalendarStatus.REJECTED)
    return status is CalendarStatus.ACCEPTED
