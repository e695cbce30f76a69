"""More than one booking on one phone: none is lost, and no answer decides one that it could not mean."""

from datetime import timedelta

import pytest

from domain.inbound import Settlement
from tests.examples import START
from tests.stories.world import Answer, World, drops_the_line, refuses, told

QUESTION = (
    "Cal.com Clinic: Hi Sarah! You have 2 appointments to confirm: 1) Tue 12 May at 10:30 am with Dr. Lee "
    "2) Wed 13 May at 10:30 am with Dr. Lee. Reply YES for all, NO for none, or for example "
    "YES 1 NO 2. Reply STOP to opt out."
)
SECOND = {"uid": "bkSarah2", "starts_at": START + timedelta(days=1), "ends_at": START + timedelta(days=1, minutes=30)}


def test_bookings_within_the_settling_time_make_one_question(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        world.clock.passes(seconds=5)
        await world.books(**SECOND)
        world.clock.passes(seconds=10)
        await world.works()
        assert world.phone.said == [QUESTION]
        await world.replies("YES")
        await world.works()
        assert [await world.state("bkSarah1"), await world.state("bkSarah2")] == ["confirmed", "confirmed"]
        assert len(world.calendar.acts) == 2

    told(database, story, ask_settle=timedelta(seconds=10))


def test_a_booking_that_arrives_while_another_is_open_is_asked_together_with_it(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.books(**SECOND)
        await world.works()
        assert len(world.phone.said) == 2
        assert "1) Tue 12 May" in world.phone.said[1]
        assert "2) Wed 13 May" in world.phone.said[1]

    told(database, story)


def test_an_answer_does_not_decide_a_booking_that_the_question_did_not_name(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.books(**SECOND)
        await world.replies("YES")
        assert [await world.state("bkSarah1"), await world.state("bkSarah2")] == ["confirmed", "requested"]
        await world.works()
        assert [await world.state("bkSarah1"), await world.state("bkSarah2")] == ["confirmed", "sms_sent"]
        assert sum("Wed 13 May" in text for text in world.phone.said) == 1
        await world.replies("NO")
        await world.works()
        assert [await world.state("bkSarah1"), await world.state("bkSarah2")] == ["confirmed", "cancelled"]

    told(database, story)


BOTH, FIRST, SECOND_ONE = ("confirmed", "confirmed"), ("confirmed", "sms_sent"), ("sms_sent", "confirmed")
UNCLEAR = ("invalid_reply", "invalid_reply")
ANSWERS = {
    "YES 1 NO 2": ("confirmed", "cancelled"),
    "1 no, 2 yes": ("cancelled", "confirmed"),
    "yes to the first": FIRST,
    "Wednesday is a yes": SECOND_ONE,
    "yes wednesday": SECOND_ONE,
    "1 yes, no to the rest": ("confirmed", "cancelled"),
    "both": BOTH,
    "yes to all": BOTH,
    "none": ("cancelled", "cancelled"),
    "no 2": ("sms_sent", "cancelled"),
    "1": UNCLEAR,
    "yes 3": UNCLEAR,
    "yes 1 no 1": UNCLEAR,
    "see you Tuesday": UNCLEAR,
    "I can come on Friday": UNCLEAR,
}


@pytest.mark.parametrize("words", ANSWERS)
def test_a_numbered_answer_decides_what_it_names_and_nothing_else(words: str, database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        await world.replies(words)
        assert (await world.state("bkSarah1"), await world.state("bkSarah2")) == ANSWERS[words]

    told(database, story)


def test_what_a_numbered_answer_left_open_keeps_its_number(database: str) -> None:
    third = {"uid": "bkSarah3", "starts_at": START + timedelta(days=2), "ends_at": START + timedelta(days=2)}

    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.books(**third)
        await world.works()
        await world.replies("yes 1")
        await world.works()
        await world.replies("hm")
        await world.works()
        assert "2) Wed 13 May" in world.phone.said[-1]
        assert "1)" not in world.phone.said[-1]
        await world.replies("no 2, yes 3")
        states = [await world.state(uid) for uid in ("bkSarah1", "bkSarah2", "bkSarah3")]
        assert states == ["confirmed", "cancelled", "confirmed"]

    told(database, story)


def test_one_answer_for_several_bookings_is_acknowledged_once(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        await world.replies("YES")
        await seconds_pass(world, 5)
        assert len(world.phone.said) == 2
        assert world.phone.said[1].startswith("Confirmed: 2 appointments")
        assert await world.errands() == []
        await world.replies("NO")
        await seconds_pass(world, 5)
        assert world.phone.said[2:] == ["No problem — your 2 appointments have been cancelled."]

    told(database, story)


async def seconds_pass(world: World, seconds: int) -> None:
    await world.works()
    for _ in range(seconds):
        world.clock.passes(seconds=1)
        await world.works()


def test_whoever_was_to_speak_for_others_and_must_not_leaves_it_to_the_next(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        world.phone.instead.append(refuses(429, 20429))
        await world.replies("YES")
        await world.works()
        await world.replies("no 1")
        await seconds_pass(world, 40)
        assert sorted(text.split()[0] for text in world.phone.said[1:]) == ["Confirmed:", "No"]
        assert "Wed 13 May" in next(text for text in world.phone.said if text.startswith("Confirmed"))
        assert await world.errands() == []

    told(database, story)


def test_a_newer_question_takes_no_acknowledgement_away(database: str) -> None:
    third = {"uid": "bkSarah3", "starts_at": START + timedelta(days=2), "ends_at": START + timedelta(days=2)}

    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        world.phone.instead.append(refuses(429, 20429))
        await world.replies("YES")
        await world.works()
        await world.books(**third)
        await seconds_pass(world, 200)
        assert sum(text.startswith("Confirmed") for text in world.phone.said) == 1
        assert await world.errands() == []

    told(database, story)


def test_what_was_decided_otherwise_before_the_text_left_is_not_told(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        world.phone.instead.append(refuses(429, 20429))
        await world.replies("YES")
        await world.works()
        await world.replies("no 2")
        await seconds_pass(world, 40)
        assert not any("2 appointments" in text for text in world.phone.said[1:])
        assert len(world.phone.said) == 3

    told(database, story)


def test_numbers_that_may_be_those_of_another_list_decide_nothing(database: str) -> None:
    between = {"uid": "bkSarah3", "starts_at": START + timedelta(hours=2), "ends_at": START + timedelta(hours=3)}

    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        await world.books(**between)
        await world.works()
        await world.replies("YES 1 NO 2")
        assert {await world.state(uid) for uid in ("bkSarah1", "bkSarah2", "bkSarah3")} == {"invalid_reply"}
        world.clock.passes(minutes=3)
        await world.replies("YES 1 NO 2")
        states = [await world.state(uid) for uid in ("bkSarah1", "bkSarah3", "bkSarah2")]
        assert states == ["confirmed", "cancelled", "invalid_reply"]

    told(database, story)


def test_patients_who_share_a_phone_may_be_named(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**(SECOND | {"patient_name": "Tom Miller"}))
        await world.works()
        await world.replies("Yes. For Tom")
        assert await world.state() != "confirmed"
        await world.replies("yes for Sarah, no for Tom")
        assert [await world.state("bkSarah1"), await world.state("bkSarah2")] == ["confirmed", "cancelled"]

    told(database, story)


def test_numbers_that_are_settled_are_told_how_they_stand(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        await world.replies("YES 1 NO 2")
        await seconds_pass(world, 5)
        await world.replies("yes 1 no 2")
        await seconds_pass(world, 5)
        assert world.phone.said[-1] == "Your appointment on Tue 12 May at 10:30 am is confirmed. See you Tuesday!"

    told(database, story)


def test_what_the_calendar_takes_in_much_later_is_acknowledged_by_itself(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        world.calendar.instead.append(refuses(429, 0))
        await world.replies("YES")
        await world.works()
        assert len(world.phone.said) == 1
        for _ in range(8):
            world.clock.passes(seconds=10)
            await world.works()
        assert sorted(text.split()[1] for text in world.phone.said[1:]) == ["Tue", "Wed"]
        assert await world.errands() == []

    told(database, story)


def test_a_family_is_not_greeted_by_one_name(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**(SECOND | {"patient_name": "Tom Miller"}))
        await world.works()
        assert "Hi! You have 2" in world.phone.said[0]
        assert "1) Sarah: Tue 12 May" in world.phone.said[0]
        assert "2) Tom: Wed 13 May" in world.phone.said[0]

    told(database, story)


def test_bookings_of_two_phones_do_not_touch_each_other(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**(SECOND | {"phone": "+12025550177", "patient_name": "Pat"}))
        await world.works()
        await world.replies("NO", sender="+12025550177")
        await world.works()
        assert [await world.state("bkSarah1"), await world.state("bkSarah2")] == ["sms_sent", "cancelled"]

    told(database, story)


def test_an_answer_while_a_newer_question_is_in_doubt_answers_the_one_that_arrived(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.books(**SECOND)
        world.phone.instead.append(drops_the_line)
        await world.works()
        await world.replies("NO")
        await world.works()
        assert [await world.state("bkSarah1"), await world.state("bkSarah2")] == ["cancelled", "requested"]
        assert world.calendar.statuses["bkSarah2"] == "pending"

    told(database, story)


@pytest.mark.parametrize("answer", [refuses(429, 20429), refuses(400, 21211)], ids=["busy", "refused"])
def test_a_newer_question_that_was_not_sent_leaves_the_older_one_answerable(answer: Answer, database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.books(**SECOND)
        world.phone.instead.append(answer)
        await world.works()
        await world.replies("YES")
        assert [await world.state("bkSarah1"), await world.state("bkSarah2")] == ["confirmed", "requested"]

    told(database, story)


def test_yes_again_speaks_of_the_booking_that_stands(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.books(**SECOND)
        await world.works()
        await world.calendar_says(Settlement.CANCELLED)
        await world.replies("YES")
        await world.works()
        await world.replies("yes")
        await world.works()
        assert world.phone.said[-1] == "Your appointment on Wed 13 May at 10:30 am is confirmed. See you Wednesday!"

    told(database, story)


def test_very_many_bookings_are_asked_in_one_readable_question(database: str) -> None:
    async def story(world: World) -> None:
        for week in range(52):
            start = START + timedelta(weeks=week)
            await world.books(uid=f"week{week}", starts_at=start, ends_at=start)
        await world.works()
        assert len(world.phone.said) == 1
        assert "You have 52 appointments to confirm, from Tue 12 May at 10:30 am to Tue" in world.phone.said[0]
        assert "Reply YES for all, NO for none." in world.phone.said[0]

    told(database, story)
