"""The page behind a question's link: to look decides nothing, to press a button does."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.clinics import LinkUse
from domain.errands import Claimed
from domain.inbound import Settlement
from entrypoints import audit
from entrypoints.link.tokens import Tokens
from entrypoints.web import app
from tests.examples import START, UID
from tests.stories.world import TOKENS, World, drops_the_line, told

LINK = re.compile(r"https://replyes\.example\.org(/c/\S+)")
HIDDEN = re.compile(r'name="(start-\d+)" value="([^"]+)"')


class Browser:
    """A patient's browser. Redirects are followed, as browsers do."""

    def __init__(self, world: World) -> None:
        transport = httpx.ASGITransport(app.build(world.service))
        self.client = httpx.AsyncClient(transport=transport, base_url="https://replyes.example.org")
        self.path = ""
        self.page = httpx.Response(200)

    async def opens(self, path: str, **headers: str) -> str:
        self.path = path
        self.page = await self.client.get(path, headers=headers)
        return self.page.text

    async def presses(self, answer: str, *places: int) -> httpx.Response:
        """The button of these appointments, or of all, as the page that is open has it."""
        shown = dict(HIDDEN.findall(self.page.text))
        wanted = {name: at for name, at in shown.items() if not places or int(name.partition("-")[2]) in places}
        form = {**wanted, "answer": answer}
        return await self.client.post(self.path, data=form, follow_redirects=True)


def link_in(text: str) -> str:
    found = LINK.search(text)
    assert found, f"no link in {text!r}"
    return found[1]


async def asked(world: World, **booking: object) -> Browser:
    """A patient was asked, and has opened the link."""
    await world.books(**booking)
    world.clock.passes(seconds=10)
    await world.works()
    browser = Browser(world)
    await browser.opens(link_in(world.phone.said[-1]))
    return browser


def told_of_links(database: str, story: Any, **clinic: object) -> None:
    told(database, story, **{"confirm_link": LinkUse.ALWAYS, **clinic})


def test_a_text_may_be_answered_by_a_link_as_well(database: str) -> None:
    async def story(world: World) -> None:
        await asked(world)
        assert "Reply YES to confirm" in world.phone.said[0]
        assert re.search(r" Or answer here: https://replyes\.example\.org/c/[\w-]{32} Reply STOP", world.phone.said[0])

    told_of_links(database, story)


def test_where_replies_cannot_work_the_link_stands_in_their_place(database: str) -> None:
    async def story(world: World) -> None:
        await asked(world)
        assert not re.search(r"reply|yes|stop", LINK.sub("", world.phone.said[0]), re.IGNORECASE)
        assert "Please confirm or cancel your appointment" in world.phone.said[0]

    told(database, story, no_replies_from=("+1",))


def test_a_clinic_that_wants_no_links_sends_none(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        world.clock.passes(seconds=10)
        await world.works()
        assert "https://" not in world.phone.said[0]

    told_of_links(database, story, confirm_link=LinkUse.NEVER)


def test_a_link_that_machines_follow_decides_nothing(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        for method in ("GET", "HEAD", "OPTIONS"):
            await browser.client.request(method, browser.path, params={"answer": "no"})
        await world.works()
        assert (await world.state(), world.calendar.acts) == ("sms_sent", [])

    told_of_links(database, story)


def test_a_yes_confirms_in_cal_com_and_costs_no_further_text(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        assert "Dr. Lee" in browser.page.text
        page = await browser.presses("yes")
        assert "passing on your answer" in page.text
        await world.works()
        assert world.calendar.statuses == {UID: "accepted"}
        assert "is confirmed. See you" in await browser.opens(browser.path)
        assert len(world.phone.said) == 1
        assert await world.staff() == []

    told_of_links(database, story)


def test_a_no_cancels_in_cal_com_with_the_reason(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        await browser.presses("no")
        await world.works()
        assert (world.calendar.statuses, world.calendar.reasons) == ({UID: "cancelled"}, ["Patient declined via SMS"])
        assert "has been cancelled" in await browser.opens(browser.path)

    told_of_links(database, story)


def test_a_button_pressed_again_changes_nothing(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        first = browser.page
        await browser.presses("yes")
        await world.works()
        story_before, browser.page = await world.story(), first
        await browser.presses("yes")
        await world.works()
        assert await world.story() == story_before
        assert len(world.calendar.acts) == 1

    told_of_links(database, story)


def test_a_patient_who_pressed_both_buttons_at_once_has_said_no(database: str) -> None:
    """Whichever comes first: a NO after a YES is a change of mind, and a YES after a NO comes too late."""

    async def story(world: World) -> None:
        browser = await asked(world)
        await asyncio.gather(*(browser.presses(answer) for answer in ("yes", "no", "yes", "no")))
        await world.works()
        assert await world.state() == "cancelled"
        assert world.calendar.statuses == {UID: "cancelled"}

    told_of_links(database, story)


def test_a_reply_and_a_button_at_the_same_time_decide_once(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        await asyncio.gather(browser.presses("yes"), world.replies("YES"))
        await world.works()
        assert world.calendar.statuses == {UID: "accepted"}
        confirmed = [fact for fact in await world.story() if fact in ("Confirmed", "ConfirmedByLink")]
        assert len(confirmed) == 1

    told_of_links(database, story)


def test_who_has_said_yes_can_cancel_on_the_same_page(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        await browser.presses("yes")
        await world.works()
        assert "Cancel this appointment" in await browser.opens(browser.path)
        await browser.presses("no")
        await world.works()
        assert world.calendar.statuses == {UID: "cancelled"}
        assert "ChangedMindByLink" in await world.story()

    told_of_links(database, story)


def test_a_page_that_shows_another_start_than_the_booking_now_has_decides_nothing(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        await world.books(starts_at=START + timedelta(days=1))
        page = await browser.presses("yes")
        assert "has changed" in page.text
        assert await world.state() == "requested"
        browser.page = page
        await browser.presses("yes")
        await world.works()
        assert world.calendar.statuses == {UID: "accepted"}

    told_of_links(database, story)


def test_a_button_proves_that_a_question_in_doubt_arrived(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        world.clock.passes(seconds=10)
        world.phone.instead.append(lambda request: drops_the_line(request) if world.phone.accept(request) else None)
        (claimed,) = await world.service.worker.claim()
        await world.service.worker.carry_out(claimed)
        browser = Browser(world)
        await browser.opens(TOKENS.to(claimed.errand.key).removeprefix("https://replyes.example.org"))
        await browser.presses("yes")
        await world.works()
        assert (await world.state(), await world.errands()) == ("confirmed", [])
        assert len(world.phone.said) == 1

    told_of_links(database, story)


class Overtaken:
    """A ledger that is read just before the carrier's acceptance is noted."""

    def __init__(self, world: World, claimed: Claimed) -> None:
        self._world, self._claimed = world, claimed
        self._ledger = world.service.store.ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def sent_for(self, errand: str) -> Any:
        found = await self._ledger.sent_for(errand)
        await self._world.service.text_outcomes.accepted(self._claimed, "SM1", "call", self._world.clock())
        return found


def test_a_link_that_is_opened_in_the_moment_of_the_carriers_acceptance_is_good(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        world.clock.passes(seconds=10)
        world.phone.instead.append(lambda request: drops_the_line(request) if world.phone.accept(request) else None)
        (claimed,) = await world.service.worker.claim()
        await world.service.worker.carry_out(claimed)
        attempted = await world.service.store.outbox.get(claimed.errand.key)
        assert attempted
        world.service.link_answers.ledger = Overtaken(world, attempted)
        browser = Browser(world)
        await browser.opens(TOKENS.to(claimed.errand.key).removeprefix("https://replyes.example.org"))
        assert browser.page.status_code == 200

    told_of_links(database, story)


def test_an_answer_that_cal_com_refuses_is_told_by_text(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        world.calendar.statuses[UID] = "cancelled"
        await browser.presses("yes")
        await world.works()
        assert "could not be confirmed" in world.phone.said[-1]
        assert "has been cancelled" in await browser.opens(browser.path)

    told_of_links(database, story)


def test_several_bookings_are_answered_each_by_itself_or_together(database: str) -> None:
    async def story(world: World) -> None:
        for week, uid in enumerate(("one", "two", "three")):
            await world.books(uid=uid, starts_at=START + timedelta(weeks=week))
        world.clock.passes(seconds=10)
        await world.works()
        browser = Browser(world)
        page = await browser.opens(link_in(world.phone.said[-1]))
        assert "Yes to all" in page
        browser.page = await browser.presses("no", 2)
        assert await world.state("one") == "sms_sent"
        await browser.presses("yes")
        await world.works()
        assert world.calendar.statuses == {"one": "accepted", "two": "cancelled", "three": "accepted"}

    told_of_links(database, story)


def test_a_booking_that_somebody_settled_meanwhile_stays_as_it_is(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        await world.calendar_says(Settlement.CANCELLED)
        page = await browser.presses("yes")
        await world.works()
        assert "has been cancelled" in page.text
        assert await world.state() == "cancelled"

    told_of_links(database, story)


def test_a_link_is_over_when_the_appointment_begins(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        world.clock.now = START
        for response in (await browser.client.get(browser.path), await browser.presses("no")):
            assert response.status_code == 410
            assert "no longer valid" in response.text
            assert "Dr. Lee" not in response.text
        assert await world.state() == "sms_sent"

    told_of_links(database, story, expire_before_start=timedelta(0), expire_after=timedelta(days=99))


FORGED = [
    *("", "x", "A" * 32, "!" * 32, "é" * 32, "A" * 4000, "%00", "A" * 31 + "="),
    Tokens(b"another secret", "").token("0" * 32),
    TOKENS.token("0" * 32),
]


@pytest.mark.parametrize("token", FORGED)
def test_a_forged_link_tells_nothing_and_changes_nothing(database: str, token: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        for response in (
            await browser.client.get(f"/c/{token}"),
            await browser.client.post(f"/c/{token}", data={"answer": "yes", "start-1": START.isoformat()}),
            await browser.client.get(f"/c/{token}/1.ics"),
        ):
            assert response.status_code in (404, 405, 410)
            assert "Dr. Lee" not in response.text
        assert await world.state() == "sms_sent"

    told_of_links(database, story)


def test_each_character_of_a_token_counts() -> None:
    token = TOKENS.token("0123456789abcdef" * 2)
    assert TOKENS.errand(token) == "0123456789abcdef" * 2
    for place, character in enumerate(token):
        other = "A" if character != "A" else "B"
        assert TOKENS.errand(token[:place] + other + token[place + 1 :]) is None


def test_a_confirmed_appointment_can_be_taken_into_a_calendar(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        early = await browser.client.get(f"{browser.path}/1.ics")
        assert early.status_code == 410
        await browser.presses("yes")
        await world.works()
        assert f'href="{browser.path}/1.ics"' in await browser.opens(browser.path)
        file = await browser.client.get(f"{browser.path}/1.ics")
        assert file.headers["content-type"] == "text/calendar; charset=utf-8"
        lines = file.text.splitlines()
        assert {f"UID:{UID}@replyes", f"DTSTART:{START:%Y%m%dT%H%M%SZ}"} <= set(lines)
        assert "SUMMARY:Appointment with Dr. Lee\\, Cal.com Clinic" in lines

    told_of_links(database, story)


@pytest.mark.parametrize(
    ("language", "button"), [("de", "Ja, ich komme"), ("ar", "نعم، سأحضر"), ("xx", "Yes, I am coming")]
)
def test_the_page_speaks_the_patients_language(database: str, language: str, button: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world, language=language)
        assert button in browser.page.text
        assert ('dir="rtl"' in browser.page.text) is (language == "ar")

    told_of_links(database, story)


def test_the_page_of_a_link_that_is_over_speaks_the_browsers_language(database: str) -> None:
    async def story(world: World) -> None:
        page = await Browser(world).opens("/c/none", **{"Accept-Language": "tlh, fr-CH;q=0.9, en"})
        assert '<html lang="fr"' in page

    told_of_links(database, story)


def test_names_are_shown_as_text(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world, practitioner="<b>Lee</b>", patient_name="<script>x</script>")
        assert "<b>" not in browser.page.text
        assert "&lt;b&gt;Lee" in browser.page.text

    told_of_links(database, story)


def test_nobody_learns_of_a_link_from_us(database: str, caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        await browser.presses("yes")
        await browser.client.get(f"{browser.path}/further")
        assert browser.page.headers["referrer-policy"] == "no-referrer"
        assert browser.page.headers["cache-control"] == "no-store"
        assert browser.page.headers["x-robots-tag"] == "noindex"
        assert browser.path.removeprefix("/c/") not in caplog.text

    caplog.set_level("INFO", "replyes")
    told_of_links(database, story)


def test_a_text_from_before_the_button_comes_too_late(database: str) -> None:
    """A text that the sweep fetches afterwards is older than what was decided on the page."""

    async def story(world: World) -> None:
        browser = await asked(world)
        said_at = world.clock()
        world.clock.passes(minutes=5)
        await browser.presses("yes")
        await world.replies("NO", sent_at=said_at)
        assert await world.state() == "confirmed"
        assert len(await world.staff()) == 1

    told_of_links(database, story)


# -- What is told of it -------------------------------------------------------------------------------------------


async def told_by_audit(world: World) -> dict[str, Any]:
    (story,) = await audit.stories(world.service.store, UID)
    return {event["event"]: event for event in story.events}


def test_the_audit_names_the_patient_as_who_answered_by_a_link(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        await browser.presses("yes")
        events = await told_by_audit(world)
        assert events["confirmed_by_link"]["because"]["source"] == "patient"

    told_of_links(database, story)


def test_the_audit_shows_nobody_a_link_that_still_answers(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        events = await told_by_audit(world)
        assert "https://replyes.example.org/c/…" in events["question_asked"]["words"]
        assert browser.path.removeprefix("/c/") not in str(events)

    told_of_links(database, story)


def test_an_answer_by_link_is_counted_as_an_answer_with_its_wait(database: str) -> None:
    async def story(world: World) -> None:
        browser = await asked(world)
        world.clock.passes(seconds=30)
        await browser.presses("yes")
        rows = await world.service.store.database.read(
            "SELECT sum(confirmed) AS yes, sum(decided) AS decided, sum(within_1m) AS soon FROM numbers"
        )
        assert [int(rows[0][name]) for name in ("yes", "decided", "soon")] == [1, 1, 1]

    told_of_links(database, story)
