"""DECIDE: a text from a patient. Every accepted text is recorded once, with exactly one outcome."""

from collections.abc import Sequence
from datetime import datetime

from domain.booking import Booking
from domain.clinics import Clinic
from domain.confirmations import Receipt
from domain.conversation import Conversation, Outcome
from domain.decisions import Decisions
from domain.errands import Kind
from domain.facts import Moment
from domain.hearing import Situation, Verdict, judge
from domain.inbound import InboundText
from domain.ledger import Work
from domain.lifecycle import State
from domain.replies import Answer, Meaning, interpret

ANSWERS = (Outcome.DECIDED, Outcome.UNCLEAR)  # what a question's bookings are told; the rest is about texting


class Answers(Decisions):
    """What patients say."""

    async def hear(self, clinic_key: str, text: InboundText, now: datetime) -> Receipt:
        """Take in one text. The same message id again changes nothing. Raises UnknownClinic, StorageAway."""
        clinic = self.clinic(clinic_key)
        return await self.decide(now, lambda moment: self._heard(clinic, text, moment))

    async def _heard(self, clinic: Clinic, text: InboundText, moment: Moment) -> Receipt:
        if await self.ledger.was_heard(clinic.key, text.message_id):
            return Receipt.DUPLICATE
        conversation = await self.conversation_with(clinic.key, text.sender, moment)
        situation = await self._situation(clinic, conversation, text, moment.at)
        verdict = judge(situation)
        work = Work(changed=[conversation])
        if verdict.outcome in ANSWERS:
            self._note_arrival(conversation, situation.named, work, moment)
        self._note_text(conversation, text, situation, verdict, moment)
        if verdict.outcome in ANSWERS:
            words, meaning = conversation.private(text.text), situation.meaning
            for booking in verdict.bookings:
                booking.reply(meaning.answer, text.message_id, words, meaning.rule, moment)
        work.changed += [booking for booking in situation.named if booking.new_facts()]
        await self.append(work)
        return Receipt.ACCEPTED

    async def _situation(
        self, clinic: Clinic, conversation: Conversation, text: InboundText, now: datetime
    ) -> Situation:
        named = await self._named(conversation)
        known = {booking.id for booking in named}
        unnamed = [stream for stream in await self.ledger.open_bookings(conversation.id) if stream not in known]
        meaning = interpret(text.text, clinic.languages)
        if text.pictures and not text.text.strip():
            meaning = Meaning(Answer.UNCLEAR, None, "a picture without words")
        return Situation(
            conversation=conversation,
            named=named,
            waiting=await self.bookings(unnamed),
            meaning=meaning,
            hint=text.hint,
            max_clarifications=clinic.max_clarifications,
            now=now,
        )

    async def _named(self, conversation: Conversation) -> list[Booking]:
        """The bookings of the last question, if it left: a question that surely was not sent asked nothing."""
        question = conversation.question
        if question is None:
            return []
        if not question.accepted and not await self.ledger.may_have_left(question.errand):
            return []
        return await self.bookings(question.bookings)

    def _note_arrival(self, conversation: Conversation, named: Sequence[Booking], work: Work, moment: Moment) -> None:
        """An answer proves that the question arrived, even where our own note of that is not written yet."""
        question = conversation.question
        if question is None:
            return
        if not question.accepted:
            work.finished = question.errand
            conversation.text_accepted(
                Kind.ASK, question.errand, moment, message_id="", proved_by="reply", bookings=question.bookings
            )
        for booking in named:
            if booking.state is State.REQUESTED and booking.question:
                booking.question_accepted(question.errand, "", "reply", moment)

    def _note_text(
        self,
        conversation: Conversation,
        text: InboundText,
        situation: Situation,
        verdict: Verdict,
        moment: Moment,
    ) -> None:
        streams = tuple(booking.id for booking in verdict.bookings)
        opted_out = conversation.opted_out and not situation.says_start
        mute = situation.says_stop or (opted_out and verdict.outcome is not Outcome.HELPED)
        conversation.hear(
            text,
            situation.meaning,
            verdict.outcome,
            moment,
            bookings=streams,
            says=None if mute else verdict.says,
        )
        if situation.says_stop:
            conversation.opt_out(_how(situation), text.message_id, moment)
        elif verdict.outcome is Outcome.OPTED_IN:
            conversation.opt_in(_how(situation), text.message_id, moment)
        if verdict.staff:
            conversation.hand_to_staff(verdict.staff, moment, streams)


def _how(situation: Situation) -> str:
    """By which word, as the consent record keeps it; the carrier's mark where the words say nothing to us."""
    keyword = situation.meaning.keyword
    return f"text: {keyword}" if keyword else f"carrier: {situation.hint}"
