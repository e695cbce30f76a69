"""A conversation as staff reads it: by what way each text went."""

from domain.conversation import Conversation
from domain.conversation_facts import Outcome
from domain.errands import Kind
from domain.facts import Fact, Private
from domain.replies import interpret
from domain.ways import Way
from entrypoints.desk.chat import chat
from tests.examples import SARAH, a_moment, a_text

STREAM = "conversation-main-5a4a"
ACCEPTED = {"message_id": "SM1", "proved_by": "call"}


def ways(speaker: Conversation) -> list[Way]:
    facts: list[Fact] = speaker.new_facts()
    return [said.way for said in chat(facts)]


def a_conversation() -> Conversation:
    return Conversation.start(STREAM, "main", SARAH, a_moment())


def answers(speaker: Conversation, errand: str) -> None:
    speaker.text_accepted(Kind.ACKNOWLEDGE, errand, a_moment(), words=Private(STREAM, "Confirmed."), **ACCEPTED)


def test_a_question_stands_under_the_way_by_which_it_went() -> None:
    speaker = a_conversation()
    speaker.ask("1" * 32, ("booking-main-u1",), "YES or NO?", a_moment())
    speaker.ask("2" * 32, ("booking-main-u1",), "YES or NO?", a_moment(), Kind.ASK_BY_WHATSAPP)
    speaker.text_accepted(Kind.ASK_BY_EMAIL, "3" * 32, a_moment(), words=Private(STREAM, "https://…"), **ACCEPTED)
    assert ways(speaker) == [Way.SMS, Way.WHATSAPP, Way.EMAIL]


def test_an_answer_stands_under_the_way_on_which_the_patient_wrote() -> None:
    speaker = a_conversation()
    text = a_text("YES", by=Way.WHATSAPP)
    speaker.hear(text, interpret("YES", ("en",)), Outcome.DECIDED, a_moment())
    answers(speaker, "4" * 32)
    assert ways(speaker) == [Way.WHATSAPP, Way.WHATSAPP]
