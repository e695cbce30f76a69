"""The main job: a booking is asked by SMS, and the answer settles it."""

import pytest

from domain.inbound import Settlement
from tests.stories.world import World, told

QUESTION = (
    "Cal.com Clinic: Hi Sarah! Confirm your appointment with Dr. Lee on Tue 12 May at 10:30 am? "
    "Reply YES to confirm, NO to cancel. Reply STOP to opt out."
)


def test_a_booking_is_asked_once(database: str) -> None:
    async def story(world: World) -> None:
        assert await world.books() == "accepted"
        await world.works()
        assert world.phone.said == [QUESTION]
        assert await world.state() == "sms_sent"

    told(database, story)


def test_the_same_webhook_again_changes_nothing(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        assert await world.books() == "duplicate"
        await world.works()
        assert await world.books() == "duplicate"
        await world.works()
        assert len(world.phone.said) == 1

    told(database, story)


def test_yes_confirms_and_is_acknowledged_after_the_calendar_agreed(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("yes please")
        assert await world.state() == "confirmed"
        assert len(world.phone.said) == 1
        await world.works()
        assert world.calendar.acts == ["PATCH /v2/bookings/bkSarah1/confirm"]
        assert world.phone.said[1:] == ["Confirmed. See you Tuesday!"]
        assert await world.story() == [
            *("Requested", "QuestionPut", "SmsSent", "Confirmed", "CalendarAgreed", "TextSent"),
        ]

    told(database, story)


def test_no_cancels_with_the_reason(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("No")
        await world.works()
        assert await world.state() == "cancelled"
        assert world.calendar.acts == ["DELETE /v2/bookings/bkSarah1"]
        assert world.calendar.reasons == ["Patient declined via SMS"]
        assert world.phone.said[1:] == ["No problem — your appointment has been cancelled."]

    told(database, story)


def test_anything_else_is_asked_again_and_then_an_answer_counts(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("banana")
        await world.works()
        assert await world.state() == "invalid_reply"
        assert world.phone.said[1:] == ["Sorry — please reply YES or NO."]
        await world.replies("Y")
        await world.works()
        assert await world.state() == "confirmed"

    told(database, story)


def test_after_two_clarifications_a_person_takes_over_in_silence(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        for words in ("banana", "apple", "pear", "plum"):
            await world.replies(words)
            await world.works()
        assert world.phone.said.count("Sorry — please reply YES or NO.") == 2
        assert await world.staff() == ["A text that we do not understand: please read it."] * 2
        assert await world.outcomes() == ["unclear"] * 4

    told(database, story)


def test_the_same_message_twice_decides_once(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        assert await world.replies("YES", "SM" + "a" * 32) == "accepted"
        assert await world.replies("YES", "SM" + "a" * 32) == "duplicate"
        await world.works()
        assert await world.replies("YES", "SM" + "a" * 32) == "duplicate"
        await world.works()
        assert len(world.calendar.acts) == 1
        assert len(world.phone.said) == 2

    told(database, story)


def test_yes_again_is_told_that_it_is_confirmed(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        await world.works()
        await world.replies("yes")
        await world.works()
        assert world.phone.said[2:] == ["Your appointment on Tue 12 May at 10:30 am is confirmed. See you Tuesday!"]
        assert len(world.calendar.acts) == 1

    told(database, story)


def test_no_after_yes_cancels_before_the_start(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        await world.works()
        await world.replies("no")
        await world.works()
        assert await world.state() == "cancelled"
        assert world.calendar.statuses["bkSarah1"] == "cancelled"
        assert world.phone.said[2:] == ["No problem — your appointment has been cancelled."]
        assert (await world.story()).count("ChangedMind") == 1

    told(database, story)


def test_no_right_after_yes_ends_cancelled_with_one_acknowledgement(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        await world.replies("no")
        await world.works()
        assert world.calendar.acts == ["DELETE /v2/bookings/bkSarah1"]
        assert world.phone.said[1:] == ["No problem — your appointment has been cancelled."]

    told(database, story)


def test_no_after_the_start_goes_to_staff(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        await world.works()
        world.clock.passes(days=5)
        await world.replies("NO")
        await world.works()
        assert await world.state() == "confirmed"
        assert await world.staff() == ["The patient said NO after the appointment had begun."]

    told(database, story)


@pytest.mark.parametrize("words", ["YES", "NO", "what?"])
def test_a_text_before_the_question_answers_nothing(words: str, database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.replies(words)
        assert await world.state() == "requested"
        assert await world.outcomes() == ["not_asked"]
        await world.works()
        assert world.phone.said == [QUESTION]
        assert await world.staff() == ["A text that came before our question: please read it."]

    told(database, story)


def test_yes_after_the_host_cancelled_is_told_so_with_the_booking_link(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.calendar_says(Settlement.CANCELLED)
        await world.replies("YES")
        await world.works()
        assert world.phone.said[1:] == [
            "Your appointment on Tue 12 May at 10:30 am has been cancelled. To book again: https://cal.example/dr-lee"
        ]
        assert world.calendar.acts == []

    told(database, story)


def test_a_number_that_nobody_knows_gets_one_polite_answer_a_day(database: str) -> None:
    async def story(world: World) -> None:
        polite = "Cal.com Clinic only confirms appointments at this number. Please call +12025550199."
        for words in ("YES", "hello?", "who is this"):
            await world.replies(words)
            await world.works()
        assert world.phone.said == [polite]
        world.clock.passes(days=1)
        await world.replies("hello?")
        await world.works()
        assert world.phone.said == [polite, polite]
        assert await world.outcomes() == ["unknown"] * 4

    told(database, story)


def test_a_picture_without_words_is_no_answer(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("", pictures=1)
        assert await world.state() == "invalid_reply"

    told(database, story)


def test_an_empty_text_is_no_answer(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("")
        assert await world.state() == "invalid_reply"

    told(database, story)
