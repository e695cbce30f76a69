"""Whatever was asked, whatever stands and whatever is said: only what the text can mean is decided."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.booking import Booking
from domain.conversation import Conversation
from domain.conversation_facts import Outcome
from domain.hearing import Situation, judge
from domain.inbound import ConsentHint
from domain.lifecycle import OPEN, State
from domain.replies import Answer, Keyword, Meaning, Topic
from tests.examples import NOW, SARAH, a_booking, a_moment

ANSWERS = st.sampled_from(Answer)
MEANINGS = st.builds(
    Meaning,
    ANSWERS,
    st.none() | st.sampled_from(Keyword),
    st.just("a rule"),
    topic=st.none() | st.sampled_from(Topic),
    says_more=st.booleans(),
    is_courtesy=st.booleans(),
)


@st.composite
def bookings(draw: st.DrawFn, prefix: str) -> list[Booking]:
    return [draw(a_stand(f"{prefix}{number}")) for number in range(draw(st.integers(0, 4)))]


@st.composite
def a_stand(draw: st.DrawFn, uid: str) -> Booking:
    booking = a_booking(uid=uid)
    booking.state = draw(st.sampled_from(State))
    booking.starts_at = NOW + draw(st.sampled_from([-1, 1])) * timedelta(hours=1)
    booking.calendar_failed = draw(st.booleans())
    booking.unsettled = draw(st.none() | st.just(3))
    return booking


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    named = draw(bookings("named"))
    meaning = draw(MEANINGS)
    choices = draw(st.dictionaries(st.sampled_from([one.id for one in named]), ANSWERS)) if named else {}
    return Situation(
        conversation=Conversation.start("conversation-main-5a4a", "main", SARAH, a_moment()),
        named=named,
        unproved=draw(st.booleans()),
        unnamed=draw(bookings("unnamed")),
        meaning=meaning,
        hint=draw(st.none() | st.sampled_from(ConsentHint)),
        max_clarifications=draw(st.integers(0, 2)),
        now=NOW,
        came_late=draw(st.booleans()),
        choices=choices if meaning.answer is Answer.UNCLEAR else {},
    )


@given(situations())
def test_only_a_named_booking_ahead_with_an_answer_of_its_own_is_decided(situation: Situation) -> None:
    verdict = judge(situation)
    if verdict.outcome is not Outcome.DECIDED:
        return
    assert verdict.bookings
    for booking in verdict.bookings:
        assert booking in situation.named
        assert not booking.has_started(NOW)
        answer = situation.answer_to(booking)
        assert answer is Answer.NO or (answer is Answer.YES and booking.state in OPEN)
        assert booking.state in OPEN or booking.state is State.CONFIRMED


@given(situations())
def test_an_unclear_text_never_decides(situation: Situation) -> None:
    if situation.meaning.answer is Answer.UNCLEAR and not situation.choices:
        assert judge(situation).outcome is not Outcome.DECIDED


@given(situations())
def test_a_text_that_came_late_never_decides(situation: Situation) -> None:
    if situation.came_late:
        assert judge(situation).outcome is not Outcome.DECIDED


@given(situations())
def test_a_stop_is_honoured_whatever_else_is_said(situation: Situation) -> None:
    if situation.says_stop:
        outcome = judge(situation).outcome
        assert outcome in (Outcome.OPTED_OUT, Outcome.DECIDED, Outcome.TOO_LATE)
