"""DECIDE: a text from a patient. Every accepted text is recorded once, with exactly one outcome."""

from datetime import datetime, timedelta

from domain.clinics import Clinic
from domain.confirmations import Receipt
from domain.conversation import Conversation
from domain.conversation_facts import Outcome, Question
from domain.decisions import Decisions
from domain.errands import Says
from domain.facts import Moment
from domain.hearing import Situation, Verdict, judge
from domain.inbound import InboundText
from domain.inbox import Staff
from domain.ledger import Work
from domain.lifecycle import State
from domain.replies import Answer, Meaning
from domain.said import said

ANSWERS = (Outcome.DECIDED, Outcome.UNCLEAR)  # what a question's bookings are told; the rest is about texting

CROSSING = timedelta(minutes=2)  # for which a patient may still answer the list before
MOST_ANSWERS_A_DAY = 5  # direct answers to one phone; clarifications have a limit of their own


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
            self._note_arrival(conversation, verdict, work, moment)
        self._note_text(conversation, text, situation, verdict, moment)
        if verdict.outcome in ANSWERS:
            words, rule = conversation.private(text.text), situation.meaning.rule
            for booking in verdict.bookings:
                answer = situation.answer_to(booking)
                together = [one.id for one in verdict.bookings if situation.answer_to(one) is answer]
                booking.reply(answer, text.message_id, words, rule, moment, together=together)
        work.changed += [booking for booking in situation.named if booking.new_facts()]
        await self.append(work)
        return Receipt.ACCEPTED

    async def _situation(
        self, clinic: Clinic, conversation: Conversation, text: InboundText, now: datetime
    ) -> Situation:
        question, unproved = await self._question(conversation)
        named = await self.bookings(question.bookings if question else ())
        known = {booking.id for booking in named}
        unnamed = [stream for stream in await self.ledger.open_bookings(conversation.id) if stream not in known]
        languages = tuple(dict.fromkeys([*(booking.language for booking in named), *clinic.languages]))
        meaning, choices = said(text.text, named, languages)
        if choices and question and _is_crossed(question, conversation, now):
            meaning, choices = Meaning(Answer.UNCLEAR, None, "numbers of which question?"), {}
        if text.pictures and not text.text.strip():
            meaning = Meaning(Answer.UNCLEAR, None, "a picture without words")
        return Situation(
            conversation=conversation,
            named=named,
            unproved=unproved,
            unnamed=await self.bookings(unnamed),
            meaning=meaning,
            hint=text.hint,
            max_clarifications=clinic.max_clarifications,
            now=now,
            came_late=_came_late(conversation, text),
            choices=choices,
        )

    async def _question(self, conversation: Conversation) -> tuple[Question | None, bool]:
        """The question that a text can answer now, and whether it is unproved that it left. A question in doubt is
        only answered where the one before it has nothing left to answer; one that surely did not leave asks nothing."""
        question, asking = conversation.question, conversation.asking
        if asking is None or (question and any(one.was_asked for one in await self.bookings(question.bookings))):
            return question, False
        if not await self.ledger.may_have_left(asking.errand):
            return question, False
        return asking, True

    def _note_arrival(self, conversation: Conversation, verdict: Verdict, work: Work, moment: Moment) -> None:
        """An answer proves that the question arrived, even where our own note of that is not written yet."""
        asking = conversation.asking
        unproved = [booking for booking in verdict.bookings if booking.state is State.REQUESTED]
        if asking is None or not unproved:
            return
        work.finished = asking.errand
        conversation.text_accepted(
            asking.kind,
            asking.errand,
            moment,
            message_id="",
            proved_by="reply",
            bookings=asking.bookings,
            segments=asking.segments,
        )
        for booking in unproved:
            booking.question_accepted(asking.errand, "", "reply", moment, asking.kind)

    def _note_text(
        self,
        conversation: Conversation,
        text: InboundText,
        situation: Situation,
        verdict: Verdict,
        moment: Moment,
    ) -> None:
        streams = tuple(booking.id for booking in verdict.bookings)
        says = verdict.says if self._may_say(conversation, situation, verdict) else None
        conversation.hear(text, situation.meaning, verdict.outcome, moment, bookings=streams, says=says)
        if situation.says_stop or verdict.outcome is Outcome.OPTED_OUT:
            conversation.opt_out(*_how(situation), text.message_id, moment)
        elif verdict.outcome is Outcome.OPTED_IN or situation.renews_consent:
            conversation.opt_in(*_how(situation), text.message_id, moment)
        reason = Staff.OPTED_OUT if conversation.opted_out else Staff.NOT_UNDERSTOOD
        silenced = reason if verdict.says and not says else None
        if staff := verdict.staff or silenced:  # no text is dropped unseen
            conversation.hand_to_staff(staff, moment, str(situation.meaning.label), streams)

    def _may_say(self, conversation: Conversation, situation: Situation, verdict: Verdict) -> bool:
        """Whether the text may be answered with one of ours: not to a phone that has opted out, and not for ever to
        a machine that answers each answer."""
        if verdict.says is Says.HELP:
            return conversation.answers_on(situation.now.date()) < MOST_ANSWERS_A_DAY
        if situation.says_stop or (conversation.opted_out and not situation.says_start):
            return False
        return verdict.says is Says.CLARIFY or conversation.answers_on(situation.now.date()) < MOST_ANSWERS_A_DAY


def _is_crossed(question: Question, conversation: Conversation, now: datetime) -> bool:
    """Whether the patient may have another numbered list in view: one that is on its way, or the one before, as long as
    the newest has just arrived."""
    others = [conversation.asking]
    if now - question.asked_at < CROSSING:
        others.append(conversation.previous)
    return any(
        other is not None and len(other.bookings) > 1 and other.bookings[: len(question.bookings)] != question.bookings
        for other in others
        if other is not question
    )


def _came_late(conversation: Conversation, text: InboundText) -> bool:
    """Whether a text that was fetched from the carrier's list is older than what was decided or asked since. Carriers'
    dates have whole seconds."""
    if text.sent_at is None:
        return False
    question = conversation.asking or conversation.question
    newest = [conversation.decided_at, question.asked_at if question else None]
    return any(one is not None and text.sent_at < one.replace(microsecond=0) for one in newest)


def _how(situation: Situation) -> tuple[str, str]:
    """Who changed the consent, and by which word; the carrier's mark where the words say nothing to us."""
    meaning = situation.meaning
    if word := meaning.keyword or meaning.topic:
        return "text", str(word)
    return "carrier", str(situation.hint)
