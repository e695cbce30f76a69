"""A question that does not arrive is asked by the clinic's next way, and by a person where none is left."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
import pytest

from adapters.common.whatsapp import WhatsApp
from adapters.smtp import Smtp, SmtpSettings
from adapters.twilio import Twilio, TwilioSettings
from domain.channels import Channel
from domain.inbound import Blame, Delivery, DeliveryReport, Settlement
from domain.mailing import Mailing
from domain.quiet import QuietHours
from domain.ways import Way
from entrypoints import audit
from entrypoints.desk import errands
from tests.adapters.mailbox import Mailbox, mails, server
from tests.examples import CLINIC_NUMBER, SARAH, START, UID
from tests.stories.test_links import Browser
from tests.stories.world import World, drops_the_line, refuses, told

EMAIL = "sarah@patients.example"
BY_EMAIL = {"ways": (Way.SMS, Way.EMAIL)}
LANDLINE, BLOCKED = refuses(400, 21614), refuses(400, 21610)
LINK = re.compile(r"https://replyes\.example\.org(/c/[\w-]{32})\s")

Story = Callable[[World, Mailbox], Coroutine[Any, Any, None]]


@asynccontextmanager
async def a_mail_server(world: World, mailbox: Mailbox) -> AsyncIterator[None]:
    async with server(mailbox) as address:
        settings = SmtpSettings(f"smtp://{address}", "clinic@clinic.example")
        mailing = world.service.worker.deliveries[Channel.EMAIL]
        assert isinstance(mailing, Mailing)
        mailing.mailers = {"main": Smtp(settings, world.clock, time_limit=0.5)}
        yield


def told_with_mail(database: str, story: Story, mailbox: Mailbox | None = None, **clinic: object) -> None:
    async def run(world: World) -> None:
        box = mailbox or Mailbox()
        async with a_mail_server(world, box):
            await story(world, box)

    told(database, run, **{**BY_EMAIL, **clinic})


async def books(world: World, **changes: object) -> None:
    """A patient books, and whatever comes of it at once."""
    await world.books(**{"email": EMAIL, **changes})
    world.clock.passes(seconds=10)
    await world.works()


async def reports(world: World, blame: Blame | None, code: str = "30003") -> None:
    """The carrier could not deliver the last text."""
    report = DeliveryReport(world.phone.texts[-1]["sid"], Delivery.UNDELIVERED, None, code, blame)
    await world.service.text_outcomes.reported("main", report, world.service.store.outbox, world.clock())
    await world.works()


def link_of(mailbox: Mailbox) -> str:
    found = LINK.search(mails(mailbox)[-1].get_content())
    assert found
    return found[1]


async def presses(world: World, path: str, answer: str) -> None:
    browser = Browser(world)
    await browser.opens(path)
    await browser.presses(answer)
    await world.works()


# -- SMS, then e-mail, then staff ---------------------------------------------------------------------------------


@pytest.mark.parametrize("blame", [None, Blame.NO_WAY, Blame.FILTERED])
def test_a_question_that_did_not_arrive_is_asked_by_e_mail(database: str, blame: Blame | None) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        await reports(world, blame)
        (mail,) = mails(mailbox)
        assert (mail["To"], await world.staff()) == (EMAIL, [])
        await presses(world, link_of(mailbox), "yes")
        assert (world.calendar.statuses, len(world.phone.said)) == ({UID: "accepted"}, 1)

    told_with_mail(database, story)


def test_a_report_that_comes_again_asks_once(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        await asyncio.gather(*(reports(world, Blame.NO_WAY) for _ in range(4)))
        await reports(world, Blame.NO_WAY)
        assert len(mails(mailbox)) == 1

    told_with_mail(database, story)


def test_a_report_after_the_answer_asks_nobody(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        question = world.phone.texts[-1]["sid"]
        await world.replies("YES")
        report = DeliveryReport(question, Delivery.UNDELIVERED, None, "30003")
        await world.service.text_outcomes.reported("main", report, world.service.store.outbox, world.clock())
        await world.works()
        assert mails(mailbox) == []

    told_with_mail(database, story)


def test_staff_is_called_where_no_other_way_is_left(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, email=None)
        await reports(world, None)
        assert await world.staff() == ["A text did not arrive (ask, code 30003): please call the patient."]
        assert mails(mailbox) == []

    told_with_mail(database, story)


def test_a_landline_is_remembered(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        world.phone.instead.append(LANDLINE)
        await books(world)
        await books(world, uid="second", starts_at=START + timedelta(days=1))
        assert (world.phone.sends, len(mails(mailbox))) == (1, 2)
        assert (await world.conversation()).closed_ways == {"sms": "no_way"}

    told_with_mail(database, story)


def test_a_landline_without_another_way_is_not_texted_again_either(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(LANDLINE)
        await books(world)
        await books(world, uid="second", starts_at=START + timedelta(days=1))
        assert world.phone.sends == 1
        assert (await world.staff())[-1] == "No way is left to ask this patient (no_way): please call."

    told(database, story)


def test_what_was_filtered_is_never_repeated(database: str) -> None:
    """Not by a reminder either: each repetition makes the sender look worse."""

    async def story(world: World) -> None:
        await books(world, starts_at=START + timedelta(days=5))
        await reports(world, Blame.FILTERED, "30007")
        for _ in range(8):
            world.clock.passes(hours=12)
            await world.reminders_run()
            await world.works()
        assert world.phone.sends == 1

    told(database, story, expire_after=timedelta(days=30))


def test_a_phone_that_was_only_switched_off_is_texted_next_time(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        await reports(world, None)
        await books(world, uid="second", starts_at=START + timedelta(days=1))
        assert world.phone.sends == 2

    told_with_mail(database, story)


def test_a_text_from_a_phone_shows_that_it_takes_texts(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        world.phone.instead.append(LANDLINE)
        await books(world)
        await world.replies("hello?")
        assert (await world.conversation()).closed_ways == {}

    told_with_mail(database, story)


def test_a_person_who_asks_again_has_it_tried_again(database: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(LANDLINE)
        await books(world)
        await world.service.desk.ask_again(f"booking-main-{UID}", "Anna", world.clock())
        await world.works()
        assert world.phone.sends == 2

    told(database, story)


def test_a_phone_that_wants_no_texts_is_not_written_to_otherwise(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        world.phone.instead.append(BLOCKED)
        await books(world)
        assert mails(mailbox) == []
        assert len(await world.staff()) == 1

    told_with_mail(database, story)


def test_e_mails_go_to_each_address_once(database: str) -> None:
    """One phone, two children with an address each, and one of them with two appointments."""

    async def story(world: World, mailbox: Mailbox) -> None:
        for week, (uid, email) in enumerate([("a", "a@x.example"), ("b", "B@x.example"), ("c", "b@x.example")]):
            await world.books(uid=uid, email=email, starts_at=START + timedelta(weeks=week))
        world.clock.passes(seconds=10)
        world.phone.instead.append(LANDLINE)
        await world.works()
        assert sorted(mail["To"] for mail in mails(mailbox)) == ["B@x.example", "a@x.example"]

    told_with_mail(database, story)


def test_an_address_is_kept_only_by_a_clinic_that_writes_to_it(database: str) -> None:
    async def story(world: World) -> None:
        await books(world)
        booking = await world.service.store.ledger.booking(f"booking-main-{UID}")
        assert booking
        assert booking.email is None

    told(database, story)


# -- Patients without a phone -------------------------------------------------------------------------------------


def test_a_patient_without_a_phone_is_asked_by_e_mail(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, phone=None)
        assert (await world.state(), await world.staff()) == ("sms_sent", [])
        await presses(world, link_of(mailbox), "no")
        assert (world.calendar.statuses, world.phone.sends) == ({UID: "cancelled"}, 0)

    told_with_mail(database, story)


def test_a_patient_without_a_phone_is_reminded_by_e_mail_and_not_called_unreached(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, phone=None, starts_at=START + timedelta(days=5))
        world.clock.passes(hours=24)
        await world.reminders_run()
        await world.works()
        assert len(mails(mailbox)) == 2
        world.clock.passes(days=4)
        await world.expiry_runs()
        assert await world.staff() == ["The patient did not answer in time."]

    told_with_mail(database, story)


def test_an_answer_by_e_mail_that_cal_com_refuses_is_left_to_staff(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, phone=None)
        world.calendar.statuses[UID] = "cancelled"
        await presses(world, link_of(mailbox), "yes")
        assert len(await world.staff()) == 1
        assert (world.phone.sends, await world.errands()) == (0, [])

    told_with_mail(database, story)


# -- Mail servers -------------------------------------------------------------------------------------------------


def test_an_address_that_does_not_exist_is_left_to_staff(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, phone=None)
        assert await world.staff() == ["A text could not be sent (ask_by_email, code 550): please call the patient."]

    told_with_mail(database, story, Mailbox(RCPT="550 no such user"))


def test_a_mail_server_that_refuses_us_is_told_to_staff_once(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        for uid in ("one", "two", "three"):
            await books(world, uid=uid, phone=None)
        assert [why for why in await world.staff() if "mail server" in why] == [
            "The mail server refuses our account (550): e-mails wait until that is mended."
        ]
        mailbox.says.clear()
        world.clock.passes(hours=1)
        await world.works()
        assert len(mails(mailbox)) == 3

    told_with_mail(database, story, Mailbox(MAIL="550 who are you?"))


def test_an_e_mail_in_doubt_is_not_sent_again_and_an_answer_to_it_counts(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, phone=None)
        world.clock.passes(minutes=5)
        await world.works()
        assert len(mails(mailbox)) == 1
        await presses(world, link_of(mailbox), "yes")
        assert (world.calendar.statuses, await world.errands()) == ({UID: "accepted"}, [])

    told_with_mail(database, story, Mailbox(DATA="hang up"))


def test_an_e_mail_that_stays_in_doubt_is_left_to_staff(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, phone=None)
        for _ in range(3):
            world.clock.passes(minutes=10)
            await world.works()
        assert len(mails(mailbox)) == 1
        assert await world.staff() == [
            "Nobody can tell whether a text was sent (ask_by_email): please call the patient."
        ]

    told_with_mail(database, story, Mailbox(DATA="hang up"))


def test_a_decision_withdraws_an_e_mail_that_has_not_left(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await world.books(email=EMAIL, phone=None)
        await world.service.desk.confirm(f"booking-main-{UID}", "Anna", world.clock())
        world.clock.passes(seconds=10)
        await world.works()
        assert mails(mailbox) == []

    told_with_mail(database, story)


def test_a_number_is_never_written_down_with_an_address(database: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        await reports(world, Blame.NO_WAY)
        assert len(mails(mailbox)) == 1

    caplog.set_level("DEBUG", "replyes")
    told_with_mail(database, story)
    assert EMAIL not in caplog.text
    assert SARAH not in caplog.text


# -- WhatsApp -----------------------------------------------------------------------------------------------------

WHATSAPP = "+12025550111"
BY_WHATSAPP = {"ways": (Way.SMS, Way.WHATSAPP)}


def whatsapp_too(world: World) -> None:
    """The clinic's account speaks WhatsApp as well."""
    settings = TwilioSettings(
        "AC" + "1" * 32,
        ("token",),
        CLINIC_NUMBER,
        "https://replyes.example",
        whatsapp=WhatsApp(WHATSAPP, {"": TEMPLATE}),
    )
    client = httpx.AsyncClient(transport=httpx.MockTransport(world.phone))
    world.service.carriers["main"] = Twilio(settings, client)  # type: ignore[index]


TEMPLATE = "HX" + "0" * 32


def test_a_landline_is_asked_by_whatsapp_in_approved_words(database: str) -> None:
    async def story(world: World) -> None:
        whatsapp_too(world)
        world.phone.instead.append(LANDLINE)
        await books(world)
        (asked,) = world.phone.texts
        assert (asked["To"], asked["ContentSid"]) == (f"whatsapp:{SARAH}", TEMPLATE)
        assert json.loads(asked["ContentVariables"]) == {
            "1": "Cal.com Clinic",
            "2": "Tue 12 May at 10:30 am with Dr. Lee",
        }
        assert (await world.state(), await world.staff()) == ("sms_sent", [])

    told(database, story, **BY_WHATSAPP)


def test_who_answers_by_whatsapp_is_told_by_whatsapp(database: str) -> None:
    async def story(world: World) -> None:
        whatsapp_too(world)
        await books(world)
        await reports(world, None)
        await world.replies("YES", by=Way.WHATSAPP)
        await world.works()
        assert [one["To"] for one in world.phone.texts] == [SARAH, f"whatsapp:{SARAH}", f"whatsapp:{SARAH}"]
        assert world.phone.texts[-1]["Body"] == "Confirmed. See you Tuesday!"
        assert world.calendar.statuses == {UID: "accepted"}

    told(database, story, **BY_WHATSAPP)


def test_whatsapp_then_e_mail_then_staff(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        whatsapp_too(world)
        world.phone.instead.append(LANDLINE)
        await books(world)
        await reports(world, Blame.NO_WAY, "63024")
        assert len(mails(mailbox)) == 0
        assert (await world.conversation()).closed_ways == {"sms": "no_way", "whatsapp": "no_way"}
        assert await world.staff() == ["A text could not be sent (ask_by_email, code 550): please call the patient."]

    told_with_mail(database, story, Mailbox(RCPT="550 no such user"), ways=tuple(Way))


def test_a_whatsapp_in_doubt_is_looked_for_before_anything_else(database: str) -> None:
    async def story(world: World) -> None:
        whatsapp_too(world)
        world.phone.instead += [
            LANDLINE,
            lambda request: drops_the_line(request) if world.phone.accept(request) else None,
        ]
        await books(world)
        world.clock.passes(minutes=1)
        await world.works()
        assert (len(world.phone.texts), await world.state()) == (1, "sms_sent")

    told(database, story, **BY_WHATSAPP)


def test_a_reminder_for_a_landline_goes_by_whatsapp(database: str) -> None:
    async def story(world: World) -> None:
        whatsapp_too(world)
        world.phone.instead.append(LANDLINE)
        await books(world, starts_at=START + timedelta(days=5))
        world.clock.passes(hours=24)
        await world.reminders_run()
        await world.works()
        assert [one["To"] for one in world.phone.texts] == [f"whatsapp:{SARAH}"] * 2

    told(database, story, **BY_WHATSAPP)


def test_two_workers_turn_to_whatsapp_once(database: str) -> None:
    async def story(world: World) -> None:
        whatsapp_too(world)
        world.phone.instead.append(LANDLINE)
        await world.books(email=EMAIL)
        world.clock.passes(seconds=10)
        await asyncio.gather(*(world.works() for _ in range(3)))
        assert len(world.phone.texts) == 1

    told(database, story, **BY_WHATSAPP)


@pytest.mark.parametrize("blame", [None, Blame.NO_WAY])
def test_the_ways_are_tried_in_the_clinics_order_and_each_once(database: str, blame: Blame | None) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        whatsapp_too(world)
        await books(world)
        assert len(mails(mailbox)) == 1
        await presses(world, link_of(mailbox), "no")
        await books(world, uid="second", email=None, starts_at=START + timedelta(days=1))
        await reports(world, blame)
        await reports(world, blame)
        assert [one["To"] for one in world.phone.texts] == [f"whatsapp:{SARAH}", SARAH]
        assert len(await world.staff()) == 1

    told_with_mail(database, story, ways=(Way.EMAIL, Way.WHATSAPP, Way.SMS))


def test_a_clinic_may_ask_by_e_mail_alone(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        await presses(world, link_of(mailbox), "yes")
        assert (world.calendar.statuses, world.phone.sends) == ({UID: "accepted"}, 0)

    told_with_mail(database, story, ways=(Way.EMAIL,))


# -- Again, late, and at the same time ----------------------------------------------------------------------------


@pytest.mark.parametrize("ways", [(Way.SMS, Way.EMAIL), (Way.EMAIL,)])
def test_several_bookings_of_one_phone_make_one_e_mail(database: str, ways: tuple[Way, ...]) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        world.phone.instead.append(LANDLINE)
        await books(world)
        before = len(mails(mailbox))
        for week in (1, 2, 3):
            await world.books(uid=f"week{week}", email=EMAIL, starts_at=START + timedelta(weeks=week))
        world.clock.passes(seconds=20)
        await world.works()
        assert len(mails(mailbox)) == before + 1

    told_with_mail(database, story, ways=ways)


def test_who_moves_a_booking_before_the_e_mail_leaves_gets_one(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await world.books(email=EMAIL, phone=None)
        world.clock.passes(seconds=3)
        await world.books(email=EMAIL, phone=None, starts_at=START + timedelta(days=1))
        world.clock.passes(seconds=20)
        await world.works()
        (mail,) = mails(mailbox)
        assert "13 May" in mail.get_content()

    told_with_mail(database, story)


def test_a_stop_that_meets_an_e_mail_on_its_way_stops_it(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        world.phone.instead.append(LANDLINE)
        await world.books(email=EMAIL)
        world.clock.passes(seconds=10)
        (question,) = await world.service.worker.claim()
        await world.service.worker.carry_out(question)
        (letter,) = await world.service.worker.claim()
        await world.replies("STOP")
        await world.service.worker.carry_out(letter)
        await world.works()
        assert mails(mailbox) == []
        assert any("opted out" in why for why in await world.staff())

    told_with_mail(database, story)


def test_a_report_on_a_question_that_was_asked_anew_moves_nothing(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        old = world.phone.texts[-1]["sid"]
        await world.books(email=EMAIL, starts_at=START + timedelta(days=1))
        report = DeliveryReport(old, Delivery.UNDELIVERED, None, "30003")
        await world.service.text_outcomes.reported("main", report, world.service.store.outbox, world.clock())
        world.clock.passes(seconds=10)
        await world.works()
        assert (len(world.phone.texts), mails(mailbox)) == (2, [])

    told_with_mail(database, story)


def test_what_the_quiet_hours_keep_from_whatsapp_is_asked_by_e_mail(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        whatsapp_too(world)
        world.clock.now = datetime(2026, 5, 12, 0, 30, tzinfo=UTC)  # half past eight in the evening in New York
        await books(world, starts_at=datetime(2026, 5, 12, 13, 30, tzinfo=UTC))
        world.clock.passes(hours=1)
        await reports(world, None)
        assert (len(world.phone.texts), len(mails(mailbox))) == (1, 1)

    quiet = QuietHours(time(21), time(8))
    told_with_mail(database, story, ways=tuple(Way), quiet_hours=quiet)


def test_words_that_whatsapp_has_not_approved_cost_nobody_the_question(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        whatsapp_too(world)
        world.phone.instead += [LANDLINE, refuses(400, 63027)]
        await books(world)
        assert len(mails(mailbox)) == 1

    told_with_mail(database, story, ways=tuple(Way))


def test_a_carrier_that_is_away_for_a_day_leaves_the_question_to_the_next_way(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        world.phone.instead += [refuses(429, 20429)] * 2000
        await world.books(email=EMAIL, starts_at=START + timedelta(days=5))
        for _ in range(30):
            world.clock.passes(hours=1)
            await world.works()
        assert len(mails(mailbox)) == 1

    told_with_mail(database, story, expire_after=timedelta(days=3))


def test_nobody_is_called_about_a_doubt_that_an_answer_has_settled(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        await reports(world, None)
        await world.replies("YES")
        await world.works()
        for _ in range(3):
            world.clock.passes(minutes=10)
            await world.works()
        assert (await world.staff(), await world.errands()) == ([], [])

    told_with_mail(database, story, Mailbox(DATA="hang up"))


def test_a_mail_server_that_is_set_up_no_more_leaves_the_question_to_staff(database: str) -> None:
    async def story(world: World) -> None:
        await books(world, phone=None)
        assert len(await world.staff()) == 1

    told(database, story, **BY_EMAIL)


def test_an_e_mail_speaks_only_of_what_still_waits(database: str) -> None:
    """Of two children with one address, one was settled while the e-mail waited."""

    async def story(world: World, mailbox: Mailbox) -> None:
        world.phone.instead.append(LANDLINE)
        await world.books(uid="one", email=EMAIL)
        await world.books(uid="two", email=EMAIL, starts_at=START + timedelta(days=1))
        world.clock.passes(seconds=10)
        for question in await world.service.worker.claim():
            await world.service.worker.carry_out(question)
        await world.calendar_says(Settlement.CONFIRMED, "one")
        await world.works()
        assert "13 May" in mails(mailbox)[0].get_content()
        assert "TextSent" not in await world.story("one")
        assert (await world.state("one"), await world.state("two")) == ("confirmed", "sms_sent")

    told_with_mail(database, story)


# -- At the desk --------------------------------------------------------------------------------------------------


def test_staff_can_tell_what_became_of_an_e_mail_in_doubt(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, phone=None)
        (row,) = await world.service.store.views.errands()
        assert errands.offers(row, world.clock())[-2:] == [errands.Act.SENT, errands.Act.UNSENT]
        await world.service.handling.sent(row.errand, "Anna", world.clock())
        assert (await world.state(), await world.errands()) == ("sms_sent", [])

    told_with_mail(database, story, Mailbox(DATA="hang up"))


def test_staff_can_have_a_patient_asked_again_by_e_mail(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world, phone=None)
        world.clock.passes(hours=1)
        await world.service.desk.ask_again(f"booking-main-{UID}", "Anna", world.clock())
        await world.works()
        assert len(mails(mailbox)) == 2

    told_with_mail(database, story)


def test_an_address_is_shown_to_nobody_whole(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        await books(world)
        (story,) = await audit.stories(world.service.store, UID)
        assert story.events[0]["email"] == "s…@patients.example"

    told_with_mail(database, story)


def test_an_e_mail_that_is_tried_again_is_one_question(database: str) -> None:
    async def story(world: World, mailbox: Mailbox) -> None:
        world.phone.instead.append(LANDLINE)
        await books(world)
        for _ in range(3):
            world.clock.passes(minutes=10)
            await world.works()
        mailbox.says.clear()
        world.clock.passes(minutes=10)
        await world.works()
        facts = await world.service.store.ledger.facts((await world.conversation()).id)
        asked = [fact for fact in facts if getattr(fact, "kind", "") == "ask_by_email"]
        assert [type(fact).__name__ for fact in asked] == ["QuestionAsked", "TextSent"]

    told_with_mail(database, story, Mailbox(RCPT="451 greylisted"))
