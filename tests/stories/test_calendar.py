"""What the calendar tells, and what becomes of our calls to it."""

from datetime import timedelta

import httpx
import pytest

from domain.inbound import BookingSettled, Settlement
from tests.examples import NOW, SARAH, START, UID
from tests.stories.world import World, drops_the_line, told

NOT_DONE = "Cal.com would not do what was decided (confirm_in_calendar: {}): please look."


@pytest.mark.parametrize(
    ("how", "state"),
    [
        (Settlement.CONFIRMED, "confirmed"),
        (Settlement.CANCELLED, "cancelled"),
        (Settlement.REJECTED, "cancelled"),
        (Settlement.RESCHEDULED, "cancelled"),
    ],
)
def test_the_host_settles_an_open_booking(how: Settlement, state: str, database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        assert await world.calendar_says(how) == "accepted"
        assert await world.calendar_says(how) == "duplicate"
        await world.works()
        assert await world.state() == state
        assert world.calendar.acts == []
        assert len(world.phone.said) == 1

    told(database, story)


@pytest.mark.parametrize("how", list(Settlement))
def test_a_settlement_of_an_unknown_booking_keeps_a_late_request_from_being_asked(
    how: Settlement, database: str
) -> None:
    async def story(world: World) -> None:
        assert await world.calendar_says(how) == "accepted"
        assert await world.books() == "ignored"
        await world.works()
        assert world.phone.said == []
        assert await world.state() in ("confirmed", "cancelled")

    told(database, story)


def test_a_booking_settled_before_the_question_is_not_asked(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.calendar_says(Settlement.CONFIRMED)
        await world.works()
        assert world.phone.said == []
        assert await world.errands() == []

    told(database, story)


@pytest.mark.parametrize(("words", "how"), [("YES", Settlement.CONFIRMED), ("NO", Settlement.CANCELLED)])
def test_the_echo_of_our_own_call_is_a_fact_and_no_move(words: str, how: Settlement, database: str) -> None:
    async def story(world: World) -> None:
        def and_tells(request: httpx.Request) -> httpx.Response:
            return world.calendar.act(request)

        await world.books()
        await world.works()
        await world.replies(words)
        before = await world.state()
        assert await world.calendar_says(how) == "accepted"
        assert await world.calendar_says(how) == "duplicate"
        assert len(world.phone.said) == 1
        world.calendar.instead.append(and_tells)
        await world.works()
        assert await world.state() == before
        assert len(world.phone.said) == 2
        assert (await world.story()).count("CalendarEchoed") == 1

    told(database, story)


def test_a_reschedule_by_the_host_silences_the_old_booking_and_does_not_ask_the_new_one(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        new = BookingSettled("bkNew", Settlement.CONFIRMED, START + timedelta(days=1))
        await world.calendar_says(Settlement.RESCHEDULED, replaced_by=new)
        await world.works()
        assert [await world.state(UID), await world.state("bkNew")] == ["cancelled", "confirmed"]
        assert len(world.phone.said) == 1

    told(database, story)


def test_a_reschedule_by_the_patient_is_asked_anew_and_the_old_booking_falls_silent(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.books(uid="bkNew", starts_at=START + timedelta(days=1), rescheduled_from=UID)
        await world.works()
        assert [await world.state(UID), await world.state("bkNew")] == ["cancelled", "sms_sent"]
        assert "Wed 13 May" in world.phone.said[-1]
        assert "Tue 12 May" not in world.phone.said[-1]

    told(database, story)


def test_the_same_uid_with_a_new_start_is_asked_again(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        assert await world.books(starts_at=START + timedelta(days=1)) == "accepted"
        await world.works()
        assert await world.state() == "sms_sent"
        assert "Wed 13 May" in world.phone.said[-1]

    told(database, story)


def test_a_seat_that_somebody_else_gives_up_is_not_our_booking(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.calendar_says(Settlement.CANCELLED, seat=True, phone="+12025550111")
        assert await world.state() == "sms_sent"
        await world.calendar_says(Settlement.CANCELLED, seat=True, phone=SARAH)
        assert await world.state() == "cancelled"

    told(database, story)


def test_a_yes_that_comes_too_late_is_told_the_truth(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        world.calendar.statuses[UID] = "cancelled"
        await world.works()
        assert await world.state() == "cancelled"
        assert world.calendar.acts == []
        assert world.phone.said[1].startswith(
            "Sorry - your appointment on Tue 12 May at 10:30 am could not be confirmed"
        )
        assert await world.staff() == [NOT_DONE.format("cancelled")]

    told(database, story)


def test_a_no_that_the_calendar_refuses_is_told_the_truth(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        world.calendar.statuses[UID] = "accepted"
        await world.replies("NO")
        refusal = {"statusCode": 400, "message": "This event type does not allow cancellations"}
        world.calendar.instead.append(lambda _: httpx.Response(400, json=refusal))
        await world.works()
        assert await world.state() == "confirmed"
        assert "could not be cancelled" in world.phone.said[1]

    told(database, story)


def test_a_booking_that_the_calendar_does_not_know_goes_to_staff(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        del world.calendar.statuses[UID]
        await world.works()
        assert world.phone.said[1].startswith("Sorry - something went wrong with your appointment")
        assert await world.staff() == [NOT_DONE.format("missing")]

    told(database, story)


def test_a_confirm_in_doubt_is_looked_up_and_not_repeated_when_it_was_done(database: str) -> None:
    async def story(world: World) -> None:
        def does_it_and_drops_the_line(request: httpx.Request) -> httpx.Response:
            world.calendar.act(request)
            return drops_the_line(request)

        await world.books()
        await world.works()
        await world.replies("YES")
        world.calendar.instead.append(does_it_and_drops_the_line)
        await world.works()
        world.clock.passes(seconds=16)
        await world.works()
        assert len(world.calendar.acts) == 1
        assert world.phone.said[1:] == ["Confirmed. See you Tuesday!"]

    told(database, story)


def test_a_confirm_in_doubt_that_was_not_done_is_done_after_the_look(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        world.calendar.instead.append(drops_the_line)
        await world.works()
        world.clock.passes(seconds=16)
        await world.works()
        assert len(world.calendar.acts) == 2
        assert world.calendar.statuses[UID] == "accepted"
        assert world.phone.said[1:] == ["Confirmed. See you Tuesday!"]

    told(database, story)


def test_a_rate_limit_is_waited_out(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        world.calendar.instead.append(lambda _: httpx.Response(429, json={}))
        await world.works()
        world.clock.passes(seconds=59)
        await world.works()
        assert len(world.calendar.acts) == 1
        world.clock.passes(seconds=2)
        await world.works()
        assert world.phone.said[1:] == ["Confirmed. See you Tuesday!"]

    told(database, story)


def test_a_no_while_a_confirm_is_in_doubt_ends_cancelled(database: str) -> None:
    async def story(world: World) -> None:
        def does_it_and_drops_the_line(request: httpx.Request) -> httpx.Response:
            world.calendar.act(request)
            return drops_the_line(request)

        await world.books()
        await world.works()
        await world.replies("YES")
        world.calendar.instead.append(does_it_and_drops_the_line)
        await world.works()
        await world.replies("no")
        world.clock.passes(seconds=16)
        await world.works()
        assert world.calendar.statuses[UID] == "cancelled"
        assert world.phone.said[1:] == ["No problem — your appointment has been cancelled."]

    told(database, story)


def test_a_start_in_the_past_is_not_taken_in(database: str) -> None:
    async def story(world: World) -> None:
        assert await world.books(starts_at=NOW) == "ignored"
        assert await world.service.store.views.bookings() == []

    told(database, story)


def test_a_booking_without_a_phone_is_a_fact_and_an_item_for_staff(database: str) -> None:
    async def story(world: World) -> None:
        assert await world.books(phone=None) == "accepted"
        await world.works()
        assert await world.state() == "requested"
        assert await world.staff() == ["The booking has no phone number that can be texted."]

    told(database, story)


def test_settlements_of_one_moment_are_told_apart_by_what_they_say(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        assert await world.calendar_says(Settlement.CONFIRMED, told_at=NOW) == "accepted"
        assert await world.calendar_says(Settlement.CANCELLED, told_at=NOW) == "accepted"
        assert await world.state() == "cancelled"
        assert await world.calendar_says(Settlement.CANCELLED, told_at=NOW) == "duplicate"

    told(database, story)


def test_a_recorded_webhook_played_again_changes_nothing(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.calendar_says(Settlement.CONFIRMED, told_at=NOW)
        await world.calendar_says(Settlement.CANCELLED, told_at=NOW + timedelta(hours=1))
        assert await world.calendar_says(Settlement.CONFIRMED, told_at=NOW) == "duplicate"
        assert await world.state() == "cancelled"

    told(database, story)


def test_a_late_echo_of_the_yes_does_not_undo_the_no(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        await world.works()
        confirmed_at = world.clock()
        world.clock.passes(minutes=5)
        await world.replies("NO")
        await world.works()
        assert await world.calendar_says(Settlement.CONFIRMED, told_at=confirmed_at) == "duplicate"
        assert await world.state() == "cancelled"

    told(database, story)


def test_a_seat_that_nobody_knows_whose_goes_to_staff_once(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        assert await world.calendar_says(Settlement.CANCELLED, seat=True, told_at=NOW) == "accepted"
        assert await world.calendar_says(Settlement.CANCELLED, seat=True, told_at=NOW) == "duplicate"
        assert await world.state() == "sms_sent"
        assert len(await world.staff()) == 1

    told(database, story)


def test_a_seat_of_an_unknown_booking_leaves_no_tombstone(database: str) -> None:
    async def story(world: World) -> None:
        await world.calendar_says(Settlement.CANCELLED, seat=True)
        assert await world.books() == "accepted"

    told(database, story)


def test_a_moved_booking_is_not_called_cancelled_before_it_is_asked_again(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.books(starts_at=START + timedelta(days=1))
        await world.replies("NO")
        assert await world.outcomes() == ["not_asked"]
        await world.works()
        assert "has been cancelled" not in " ".join(world.phone.said)

    told(database, story)


def test_yes_again_after_a_failed_call_does_not_claim_that_it_is_confirmed(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        del world.calendar.statuses[UID]
        await world.works()
        await world.replies("yes")
        await world.works()
        assert all("is confirmed" not in text for text in world.phone.said)

    told(database, story)


def test_a_refused_key_is_told_to_staff_at_once_and_the_answer_waits(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        world.calendar.instead.append(lambda _: httpx.Response(401, json={}))
        await world.works()
        assert (await world.staff())[0].startswith("Cal.com refuses our key or our address (401)")
        world.clock.passes(minutes=2)
        await world.works()
        assert world.phone.said[1:] == ["Confirmed. See you Tuesday!"]

    told(database, story)


def test_a_calendar_that_keeps_saying_accepted_is_not_hammered(database: str) -> None:
    async def story(world: World) -> None:
        def says_yes_and_does_nothing(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"status": "success", "data": {"status": "cancelled"}})

        await world.books()
        await world.works()
        world.calendar.statuses[UID] = "accepted"
        await world.replies("NO")
        world.calendar.instead += [says_yes_and_does_nothing] * 50
        await world.works()
        assert len(world.calendar.acts) == 1

    told(database, story)
