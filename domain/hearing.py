"""Whose answer is it, and what shall come of it? Pure: a conversation, its bookings and a meaning go in, one verdict
comes out. The order of the rules matters: an answer to an open question first, consent second."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.booking import Booking
from domain.conversation import Conversation
from domain.conversation_facts import Outcome
from domain.errands import Says
from domain.inbound import ConsentHint
from domain.inbox import Staff
from domain.lifecycle import State
from domain.replies import Answer, Keyword, Meaning, Topic


@dataclass(frozen=True)
class Situation:
    """Everything that the verdict depends on. `named` are the bookings of the question that the text can answer,
    and `unproved` tells that this question may have left without our knowing; `unnamed` are open bookings of the
    phone that it does not name. `came_late`: newer texts or a newer question have overtaken it. `choices`: what a text
    that answers by numbers says to each of the named bookings (streams)."""

    conversation: Conversation
    named: Sequence[Booking]
    unproved: bool
    unnamed: Sequence[Booking]
    meaning: Meaning
    hint: ConsentHint | None
    max_clarifications: int
    now: datetime
    came_late: bool = False
    choices: Mapping[str, Answer] = field(default_factory=dict)

    def answer_to(self, booking: Booking) -> Answer:
        """What the text says to this booking."""
        return self.choices.get(booking.id, Answer.UNCLEAR) if self.choices else self.meaning.answer

    @property
    def ahead(self) -> list[Booking]:
        """The named bookings that have not begun."""
        return [booking for booking in self.named if not booking.has_started(self.now)]

    @property
    def answerable(self) -> list[Booking]:
        """The bookings that this text can answer: named by the question, still open, and still ahead."""
        return [one for one in self.ahead if one.was_asked or (self.unproved and one.is_open)]

    @property
    def waiting(self) -> list[Booking]:
        """Open bookings about which nothing has been asked: a new one, or one whose start was moved."""
        answerable = {booking.id for booking in self.answerable}
        moved = [booking for booking in self.ahead if booking.is_open and booking.id not in answerable]
        return [*moved, *self.unnamed]

    @property
    def says_stop(self) -> bool:
        return self.meaning.keyword is Keyword.STOP or self.hint is ConsentHint.STOP

    @property
    def renews_consent(self) -> bool:
        """An answer after all, from a phone which seemed to be somebody else's. After a STOP only START is a consent,
        even where the carrier takes a YES for one."""
        answers = self.meaning.answer is not Answer.UNCLEAR or bool(self.choices)
        return answers and not self.says_stop and self.conversation.mistaken

    @property
    def says_start(self) -> bool:
        """A YES that the carrier marks as START is a YES: only a text that says nothing else is a new consent."""
        unclear = self.meaning.answer is Answer.UNCLEAR and not self.choices
        return self.meaning.keyword is Keyword.START or (unclear and self.hint is ConsentHint.START)


@dataclass(frozen=True)
class Verdict:
    """What comes of a text. `staff` is why a person has to look, None where nobody needs to."""

    outcome: Outcome
    bookings: Sequence[Booking] = field(default_factory=list)
    says: Says | None = None
    staff: Staff | None = None


def judge(situation: Situation) -> Verdict:
    """The one verdict on one text."""
    for rule in RULES:
        verdict = rule(situation)
        if verdict is not None:
            return verdict
    return Verdict(Outcome.NOTED, situation.named, staff=Staff.NO_ANSWER_ASKED)


def _came_late(situation: Situation) -> Verdict | None:
    """A text that was fetched afterwards decides only if nothing newer has been decided or asked. A STOP counts
    whenever it comes."""
    if not situation.came_late:
        return None
    return _stop(situation) or Verdict(Outcome.NOTED, situation.named, staff=Staff.CAME_LATE)


def _answer(situation: Situation) -> Verdict | None:
    answered = [one for one in situation.answerable if situation.answer_to(one) is not Answer.UNCLEAR]
    if not answered:
        return None
    changed = [one for one in situation.ahead if one.state is State.CONFIRMED and one.id in situation.choices]
    taken_back = [one for one in changed if situation.answer_to(one) is Answer.NO]
    says = Says.CLARIFY if _holds_a_series_up(situation, answered) else None
    return Verdict(Outcome.DECIDED, [*answered, *taken_back], says, _beside_the_decision(situation))


def _holds_a_series_up(situation: Situation, answered: Sequence[Booking]) -> bool:
    """Whether what was answered has to wait for other dates of a recurring booking, so that the patient is asked for
    those at once."""
    left = [one for one in situation.answerable if one not in answered and one.recurring]
    wanted = [one for one in answered if one.recurring and situation.answer_to(one) is Answer.YES]
    return bool(left and wanted) and situation.conversation.clarifications < situation.max_clarifications


def _changed_mind(situation: Situation) -> Verdict | None:
    standing = [
        booking
        for booking in situation.named
        if booking.state is State.CONFIRMED and situation.answer_to(booking) is Answer.NO
    ]
    ahead = [booking for booking in standing if not booking.has_started(situation.now)]
    if ahead:
        return Verdict(Outcome.DECIDED, ahead, staff=_beside_the_decision(situation))
    if standing and not situation.says_stop:
        return Verdict(Outcome.TOO_LATE, standing, staff=Staff.NO_AFTER_THE_START)
    return None


def _beside_the_decision(situation: Situation) -> Staff | None:
    """A bare CANCEL decides, and opts the phone out at the carrier: nobody can tell the patient that it worked. And a
    person reads what stands beside an answer."""
    if situation.says_stop:
        return Staff.CANCELLED_AND_OPTED_OUT
    return Staff.SAID_MORE if situation.meaning.says_more else None


def _stop(situation: Situation) -> Verdict | None:
    if not situation.says_stop:
        return None
    still_open = [*situation.answerable, *situation.waiting]
    return Verdict(Outcome.OPTED_OUT, still_open, staff=Staff.OPTED_OUT if still_open else None)


def _start(situation: Situation) -> Verdict | None:
    return Verdict(Outcome.OPTED_IN) if situation.says_start else None


def _help(situation: Situation) -> Verdict | None:
    if situation.hint is ConsentHint.HELP:
        return Verdict(Outcome.HELPED)  # the carrier has answered it
    return Verdict(Outcome.HELPED, says=Says.HELP) if situation.meaning.keyword is Keyword.HELP else None


def _wrong_number(situation: Situation) -> Verdict | None:
    """Somebody else has this phone: not another text, and a person looks for the patient."""
    if situation.meaning.topic is not Topic.WRONG_NUMBER or not situation.conversation.knows_bookings:
        return None
    return Verdict(Outcome.OPTED_OUT, [*situation.answerable, *situation.waiting], staff=Staff.WRONG_NUMBER)


def _other_time(situation: Situation) -> Verdict | None:
    """ "Can we do 3pm?": staff gets it, and the patient is told how to book again."""
    if situation.meaning.topic is not Topic.OTHER_TIME:
        return None
    if situation.answerable:
        return Verdict(Outcome.UNCLEAR, situation.answerable, Says.OTHER_TIME, Staff.OTHER_TIME)
    return Verdict(Outcome.NOTED, situation.ahead[:1], Says.OTHER_TIME, Staff.OTHER_TIME) if situation.ahead else None


def _thanks(situation: Situation) -> Verdict | None:
    """Thanks after the decision need no answer."""
    settled = [booking for booking in situation.named if not booking.is_open]
    if not settled or situation.answerable or situation.waiting or not situation.meaning.is_courtesy:
        return None
    standing = all(one.state is State.CONFIRMED and not one.calendar_failed for one in settled)
    if situation.meaning.answer is Answer.YES and not standing:
        return None  # who says "see you then" takes for granted what does not stand
    return Verdict(Outcome.NOTED, settled)


def _unclear(situation: Situation) -> Verdict | None:
    if not situation.answerable:
        return None
    if situation.conversation.clarifications < situation.max_clarifications:
        return Verdict(Outcome.UNCLEAR, situation.answerable, says=Says.CLARIFY)
    return Verdict(Outcome.UNCLEAR, situation.answerable, staff=Staff.NOT_UNDERSTOOD)


def _not_asked(situation: Situation) -> Verdict | None:
    if not situation.waiting:
        return None
    return Verdict(Outcome.NOT_ASKED, situation.waiting, staff=Staff.BEFORE_THE_QUESTION)


def _late(situation: Situation) -> Verdict | None:
    """YES or NO to a question that is settled: say how it stands."""
    wanted = {Answer.YES: State.CONFIRMED, Answer.NO: State.CANCELLED}
    settled = [one for one in situation.ahead if not one.is_open and situation.answer_to(one) in wanted]
    differing = [one for one in settled if one.state is not wanted[situation.answer_to(one)]]
    if not settled:
        return None
    if situation.choices:
        return _too_late(differing[0]) if differing else _said_again(settled[0])
    agreeing = [one for one in settled if one not in differing]
    return _said_again(agreeing[0]) if agreeing else _too_late(differing[0])


def _said_again(booking: Booking) -> Verdict:
    if booking.calendar_failed:
        return Verdict(Outcome.REPEATED, [booking], Says.CALL_US, Staff.CALENDAR_REFUSED)
    if booking.unsettled is not None:
        return Verdict(Outcome.REPEATED, [booking])  # the acknowledgement is on its way
    confirmed = booking.state is State.CONFIRMED
    return Verdict(Outcome.REPEATED, [booking], Says.ALREADY_CONFIRMED if confirmed else Says.ALREADY_CANCELLED)


def _too_late(booking: Booking) -> Verdict:
    """The opposite of what stands: only a person can mend that."""
    says = Says.EXPIRED if booking.state is State.EXPIRED else Says.ALREADY_CANCELLED
    return Verdict(Outcome.TOO_LATE, [booking], says, Staff.ANSWER_TOO_LATE)


def _stranger(situation: Situation) -> Verdict | None:
    """A number that we do not know gets one polite answer a day."""
    if situation.conversation.knows_bookings:
        return None
    answered = situation.conversation.answers_on(situation.now.date()) > 0
    return Verdict(Outcome.UNKNOWN, says=None if answered else Says.STRANGER, staff=Staff.STRANGER)


RULES: tuple[Callable[[Situation], Verdict | None], ...] = (
    _came_late,
    _answer,
    _changed_mind,
    _stop,
    _start,
    _help,
    _wrong_number,
    _other_time,
    _thanks,
    _unclear,
    _not_asked,
    _late,
    _stranger,
)
