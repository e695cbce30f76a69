"""What becomes of our texts, and what patients say about texting itself."""

from datetime import timedelta

import httpx
import pytest

from domain.clinics import OnDoubt
from domain.inbound import ConsentHint, Delivery
from tests.stories.world import World, drops_the_line, refuses, told

CLOSED = {"code": 20003, "status": 401}


def test_a_send_in_doubt_is_found_in_the_carriers_list_and_not_repeated(database: str) -> None:
    async def story(world: World) -> None:
        def accepts_and_drops_the_line(request: httpx.Request) -> httpx.Response:
            world.phone.accept(request)
            return drops_the_line(request)

        world.phone.instead.append(accepts_and_drops_the_line)
        await world.books()
        await world.works()
        assert await world.state() == "requested"
        world.clock.passes(seconds=5)
        await world.works()
        assert await world.state() == "sms_sent"
        assert world.phone.sends == 1

    told(database, story)


def test_a_send_whose_fate_stays_unknown_goes_to_staff(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(drops_the_line)
        await world.books()
        for _ in range(10):
            await world.works()
            world.clock.passes(minutes=5)
        assert world.phone.sends == 1
        assert await world.staff() == ["Nobody can tell whether a text was sent (ask): please call the patient."]
        assert await world.errands() == ["ask"]

    told(database, story)


def test_a_send_in_doubt_is_sent_once_more_where_the_clinic_wants_that(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead += [drops_the_line, drops_the_line]
        await world.books()
        for _ in range(20):
            await world.works()
            world.clock.passes(minutes=5)
        assert world.phone.sends == 2
        assert len(await world.staff()) == 1

    told(database, story, on_doubt=OnDoubt.RESEND)


def test_a_report_proves_a_send_in_doubt(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(drops_the_line)
        await world.books()
        await world.works()
        found = await world.service.store.database.read("SELECT errand FROM outbox")
        await world.carrier_reports(Delivery.SENT, message_id="SM" + "b" * 32, key=found[0]["errand"])
        assert await world.state() == "sms_sent"
        world.clock.passes(hours=1)
        await world.works()
        assert world.phone.sends == 1
        assert await world.errands() == []

    told(database, story)


def test_an_answer_proves_a_send_in_doubt_and_decides(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(drops_the_line)
        await world.books()
        await world.works()
        await world.replies("YES")
        assert await world.state() == "confirmed"
        await world.works()
        world.clock.passes(hours=1)
        await world.works()
        assert world.phone.said == ["Confirmed. See you Tuesday!"]
        assert await world.errands() == []

    told(database, story)


def test_a_text_after_a_send_that_surely_failed_answers_nothing(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(refuses(429, 20429))
        await world.books()
        await world.works()
        await world.replies("YES")
        assert await world.state() == "requested"
        assert await world.outcomes() == ["not_asked"]

    told(database, story)


def test_a_busy_carrier_is_asked_again_later_with_the_same_question(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(refuses(429, 20429))
        await world.books()
        await world.works()
        world.clock.passes(seconds=5)
        await world.works()
        assert world.phone.sends == 2
        assert len(world.phone.said) == 1
        assert (await world.story()).count("QuestionPut") == 1

    told(database, story)


def test_a_number_that_cannot_be_texted_goes_to_staff(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(refuses(400, 21211))
        await world.books()
        await world.works()
        assert await world.staff() == ["A text could not be sent (ask, code 21211): please call the patient."]
        assert await world.errands() == []
        assert await world.state() == "requested"

    told(database, story)


def test_the_carriers_opt_out_list_is_a_consent_revoked(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(refuses(400, 21610))
        await world.books()
        await world.works()
        assert (await world.conversation()).opted_out
        await world.books(uid="bkSarah2")
        await world.works()
        assert world.phone.sends == 1

    told(database, story)


def test_a_text_that_did_not_arrive_goes_to_staff_and_never_goes_down_again(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.carrier_reports(Delivery.UNDELIVERED, error="30005")
        await world.carrier_reports(Delivery.SENT)
        await world.carrier_reports(Delivery.UNDELIVERED, error="30005")
        assert (await world.story()).count("DeliveryReported") == 1
        assert await world.staff() == ["A text did not arrive (ask, code 30005): please call the patient."]

    told(database, story)


def test_stop_ends_all_texts_and_hands_the_booking_to_staff(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("STOP")
        await world.works()
        await world.books(uid="bkSarah2")
        await world.works()
        assert len(world.phone.said) == 1
        assert (await world.staff())[0] == "The patient has opted out of texts: please call."

    told(database, story)


def test_start_asks_what_waited(database: str) -> None:
    async def story(world: World) -> None:
        await world.replies("STOP")
        await world.books()
        await world.works()
        assert world.phone.said == []
        await world.replies("START")
        await world.works()
        assert len(world.phone.said) == 1

    told(database, story)


def test_a_bare_cancel_is_a_no_and_the_end_of_texts(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("CANCEL")
        await world.works()
        assert await world.state() == "cancelled"
        assert world.calendar.statuses["bkSarah1"] == "cancelled"
        assert len(world.phone.said) == 1
        assert (await world.conversation()).opted_out
        assert "TextWithheld" in await world.story()

    told(database, story)


def test_a_yes_that_the_carrier_marks_as_start_is_a_yes(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES", hint=ConsentHint.START)
        assert await world.state() == "confirmed"

    told(database, story)


def test_a_yes_after_stop_decides_but_is_no_new_consent(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("STOP")
        await world.replies("YES", hint=ConsentHint.START)
        await world.works()
        assert await world.state() == "confirmed"
        assert len(world.phone.said) == 1

    told(database, story)


@pytest.mark.parametrize(("hint", "answers"), [(None, 1), (ConsentHint.HELP, 0)])
def test_help_is_answered_unless_the_carrier_has(hint: ConsentHint | None, answers: int, database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("HELP", hint=hint)
        await world.works()
        assert len(world.phone.said) == 1 + answers
        assert await world.state() == "sms_sent"

    told(database, story)


def test_a_reply_to_stale_news_is_withheld(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("banana")
        await world.replies("YES")
        await world.works()
        assert world.phone.said[1:] == ["Confirmed. See you Tuesday!"]

    told(database, story)


def test_a_question_never_leaves_after_the_start(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        world.clock.passes(days=10)
        await world.works()
        assert world.phone.said == []

    told(database, story, expire_after=timedelta(days=30))


def test_a_bare_cancel_after_yes_cancels_and_ends_all_texts(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        await world.works()
        await world.replies("CANCEL")
        await world.works()
        assert await world.state() == "cancelled"
        assert world.calendar.statuses["bkSarah1"] == "cancelled"
        assert (await world.conversation()).opted_out
        assert len(world.phone.said) == 2
        assert len(await world.staff()) == 1

    told(database, story)


def test_an_opt_out_that_only_an_acknowledgement_meets_is_recorded(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        world.phone.instead.append(refuses(400, 21610))
        await world.works()
        assert (await world.conversation()).opted_out

    told(database, story)


def test_a_text_that_may_not_be_answered_is_shown_to_staff(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("STOP")
        seen = len(await world.staff())
        await world.replies("but what about my knee")
        await world.works()
        assert len(await world.staff()) == seen + 1
        assert len(world.phone.said) == 1

    told(database, story)


def test_a_machine_that_answers_each_answer_is_not_answered_for_ever(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        for _ in range(20):
            await world.replies("ok")
            await world.works()
        assert len(world.phone.said) <= 2 + 5

    told(database, story)


@pytest.mark.parametrize("words", ["YES", "NO"])
def test_an_answer_after_the_start_decides_nothing(words: str, database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.clock.passes(days=5)
        await world.replies(words)
        await world.works()
        assert await world.state() == "sms_sent"
        assert world.calendar.acts == []
        assert len(await world.staff()) == 1

    told(database, story)
