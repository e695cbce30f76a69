"""Two sides of the same events in a real browser: a patient with a phone, and staff at the desk."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from domain.errands import Kind, errand_key
from tests.browser.pages import book, fill_in_and_book, reply, stands

NARROW, WIDE = 360, 1280
PLACES = ("/", "/inbox", "/inbox?kind=done", "/bookings", "/numbers", "/errands")
SERIOUS = ("serious", "critical")


@pytest.fixture
def desk(page: Page, sandbox: str) -> Iterator[Page]:
    """The desk in a window of its own, beside the patient's page."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    desk = page.context.new_page()
    desk.on("console", note)
    desk.on("pageerror", lambda error: errors.append(str(error)))
    desk.goto(f"{sandbox}/desk")
    yield desk
    assert not errors


def go(desk: Page, path: str) -> None:
    desk.goto(re.sub(r"(://[^/]+).*", rf"\1{path}", desk.url))


def an_unclear_patient(page: Page, name: str, phone: str) -> None:
    book(page, name, phone)
    for words in ("hm", "what?", f"and parking, asks {name}?"):
        reply(page, words)


def task(desk: Page, name: str) -> Locator:
    return desk.get_by_role("article").filter(has_text=name)


def told(desk: Page, words: str) -> None:
    expect(desk.locator("#messages")).to_contain_text(words)


def find(desk: Page, words: str) -> None:
    desk.get_by_label("Find a booking").fill(words)
    desk.get_by_role("search").get_by_role("button").click()


def opens(desk: Page, name: str) -> None:
    """The booking's page, by its name."""
    find(desk, name)
    desk.get_by_role("link", name=name).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(name)


# -- What staff does ----------------------------------------------------------------------------------------------


def test_an_unclear_reply_appears_by_itself_and_is_confirmed_with_one_click(page: Page, desk: Page) -> None:
    go(desk, "/inbox")
    expect(desk.get_by_text("live", exact=True)).to_be_visible()
    an_unclear_patient(page, "Amelia", "+12025550181")
    expect(task(desk, "and parking, asks Amelia?")).to_be_visible()
    task(desk, "Amelia").get_by_role("button", name="Confirm the appointment of Amelia").click()
    told(desk, "Confirmed. Cal.com is told now.")
    expect(task(desk, "Amelia")).to_have_count(0)
    stands(page, "Amelia", "confirmed", in_cal_com="accepted")
    go(desk, "/inbox?kind=done")
    expect(task(desk, "Amelia")).to_contain_text("done by sandbox")


def test_staff_cancels_from_the_booking(page: Page, desk: Page) -> None:
    book(page, "Benedict", "+12025550182")
    opens(desk, "Benedict")
    desk.get_by_role("button", name="Cancel the appointment of Benedict").click()
    told(desk, "Cancelled. Cal.com is told now.")
    stands(page, "Benedict", "cancelled", in_cal_com="cancelled")
    expect(desk.locator("#story")).to_contain_text("Cancelled by sandbox")
    expect(desk.locator("#story")).to_contain_text("Cal.com has taken in the decision")
    expect(desk.get_by_role("button", name="Cancel the appointment")).to_have_count(0)


def test_asked_again_the_patients_phone_rings_once_more(page: Page, desk: Page) -> None:
    an_unclear_patient(page, "Clara", "+12025550183")
    go(desk, "/inbox")
    task(desk, "Clara").get_by_role("button", name="Text Clara the question again").click()
    told(desk, "The question will be texted again")
    asked = page.get_by_test_id("message-out").filter(has_text="Reply YES to confirm")
    expect(asked).to_have_count(2)
    reply(page, "YES")
    stands(page, "Clara", "confirmed", in_cal_com="accepted")


def test_who_calls_back_sees_the_number_and_marks_the_item_as_done(page: Page, desk: Page) -> None:
    an_unclear_patient(page, "Dorothea", "+12025550184")
    go(desk, "/inbox")
    expect(task(desk, "Dorothea")).to_contain_text("…84")
    task(desk, "Dorothea").get_by_role("button", name="Call back").click()
    expect(task(desk, "Dorothea").get_by_role("link", name="+12025550184")).to_have_attribute(
        "href", "tel:+12025550184"
    )
    expect(task(desk, "Dorothea")).to_contain_text("sandbox is calling back")
    task(desk, "Dorothea").get_by_role("button", name="Mark as done").click()
    told(desk, "Marked as done.")
    expect(task(desk, "Dorothea")).to_have_count(0)
    go(desk, "/inbox?kind=done")
    task(desk, "Dorothea").get_by_role("button", name="Put back").click()
    go(desk, "/inbox")
    expect(task(desk, "Dorothea")).to_be_visible()


def test_the_number_on_the_booking_is_masked_until_somebody_asks(page: Page, desk: Page) -> None:
    book(page, "Edmund", "+12025550185")
    opens(desk, "Edmund")
    expect(desk.get_by_text("+12025550185")).to_have_count(0)
    desk.get_by_role("button", name="Show number").click()
    expect(desk.get_by_role("link", name="+12025550185")).to_be_visible()
    expect(desk.locator("#story")).to_contain_text("sandbox looked at the phone number")


def test_the_slider_goes_through_the_bookings_life(page: Page, desk: Page) -> None:
    book(page, "Florence", "+12025550186")
    reply(page, "YES")
    stands(page, "Florence", "confirmed", in_cal_com="accepted")
    opens(desk, "Florence")
    slider = desk.get_by_label("After fact number")
    then = desk.locator("#then .badge")
    expect(then).to_have_text("confirmed")
    slider.focus()
    slider.press("Home")
    expect(then).to_have_text("to be asked")
    expect(desk).to_have_url(re.compile(r"step=1$"))
    expect(slider).to_be_focused()
    slider.press("End")
    expect(then).to_have_text("confirmed")


def test_staff_finds_a_booking_by_the_end_of_its_number_and_without_accents(page: Page, desk: Page) -> None:
    fill_in_and_book(page, "Gérard Zoë-Ñandú", "+12025550187")
    stands(page, "Gérard Zoë-Ñandú", "sms_sent", in_cal_com="pending")
    for words in ("gerard zoe", "nandu", "0187", "+1 202 555 0187"):
        find(desk, words)
        expect(desk.get_by_role("link", name="Gérard Zoë-Ñandú")).to_be_visible()


def leave_in_doubt(file: Path, name: str) -> None:
    """What a crash leaves behind, and a day in vain: an answer to this patient of which nobody knows the fate."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        ((conversation,),) = database.execute("SELECT conversation FROM bookings WHERE name = ?", (name,)).fetchall()
        database.execute(
            """
            INSERT INTO outbox (errand, stream, version, kind, clinic, conversation, bookings, says, due_at, queued_at,
                                attempts, attempted_at, text, status, note)
            SELECT ?, conversation, 9999, 'answer', clinic, conversation, '["' || stream || '"]', 'help', 0, updated_at,
                   3, updated_at, 'We are here.', 'dead', 'no answer'
            FROM bookings WHERE name = ?
            """,
            (errand_key(conversation, 9999, Kind.ANSWER), name),
        )


def test_a_text_in_doubt_is_settled_at_the_errands(page: Page, desk: Page, log: Path) -> None:
    book(page, "Harriet", "+12025550188")
    leave_in_doubt(log.parent / "replyes-sandbox.db", "Harriet")
    go(desk, "/errands?which=dead")
    row = desk.get_by_role("row").filter(has_text="Harriet")
    expect(row).to_contain_text("in doubt")
    row.get_by_role("button", name=re.compile("was sent", re.IGNORECASE)).first.click()
    told(desk, "Noted as sent.")
    expect(row).to_have_count(0)


# -- Everybody ----------------------------------------------------------------------------------------------------


def faults(desk: Page) -> list[str]:
    """What axe calls serious, by day and by night."""
    found: list[str] = []
    for scheme in ("light", "dark"):
        desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        violations = [one for one in Axe().run(desk).response["violations"] if one["impact"] in SERIOUS]
        found += [f"{scheme}: {one['id']} {one['nodes'][0]['html']}" for one in violations]
    return found


def test_no_page_has_a_serious_fault_and_none_is_wider_than_a_phone(page: Page, desk: Page) -> None:
    an_unclear_patient(page, "Isabella", "+12025550189")
    opens(desk, "Isabella")
    own = desk.url
    for place in (*PLACES, re.sub(r"://[^/]+", "", own).removeprefix("http")):
        go(desk, place)
        desk.set_viewport_size({"width": WIDE, "height": 800})
        assert faults(desk) == [], place
        desk.set_viewport_size({"width": NARROW, "height": 700})
        assert desk.evaluate("document.documentElement.scrollWidth") == NARROW, place
        assert faults(desk) == [], place


def test_the_whole_way_by_keyboard(page: Page, desk: Page) -> None:
    an_unclear_patient(page, "Josephine", "+12025550190")
    go(desk, "/inbox")
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Skip to the content")).to_be_focused()
    button = task(desk, "Josephine").get_by_role("button", name="Mark as done")
    for _ in range(100):
        if button.evaluate("one => one === document.activeElement"):
            break
        desk.keyboard.press("Tab")
    expect(button).to_be_focused()
    desk.keyboard.press("Enter")
    told(desk, "Marked as done.")


def test_news_keeps_the_focus_and_what_is_typed(page: Page, desk: Page) -> None:
    an_unclear_patient(page, "Konstanze", "+12025550195")
    go(desk, "/inbox")
    expect(desk.get_by_text("live", exact=True)).to_be_visible()
    search = desk.get_by_label("Find a booking")
    search.fill("half a na")
    button = task(desk, "Konstanze").get_by_role("button", name="Mark as done")
    button.focus()
    reply(page, "hello?")
    expect(task(desk, "Konstanze").first).to_contain_text("hello?")
    expect(button.first).to_be_focused()
    expect(search).to_have_value("half a na")


def test_a_colleagues_act_leaves_the_keyboard_where_it_is(page: Page, desk: Page) -> None:
    for name, phone in (("Lieselotte", "+12025550196"), ("Magdalena", "+12025550197")):
        an_unclear_patient(page, name, phone)
    go(desk, "/inbox")
    expect(desk.get_by_text("live", exact=True)).to_be_visible()
    button = task(desk, "Magdalena").get_by_role("button", name="Call back")
    button.focus()
    colleague = desk.context.new_page()
    colleague.goto(desk.url)
    task(colleague, "Lieselotte").get_by_role("button", name="Mark as done").click()
    expect(task(desk, "Lieselotte")).to_have_count(0)
    expect(button).to_be_focused()


def test_the_slider_reaches_what_happens_while_the_page_is_open(page: Page, desk: Page) -> None:
    book(page, "Nepomuk", "+12025550198")
    opens(desk, "Nepomuk")
    expect(desk.get_by_text("live", exact=True)).to_be_visible()
    before = int(desk.get_by_label("After fact number").get_attribute("max") or 0)
    reply(page, "YES")
    expect(desk.locator("#then .badge")).to_have_text("confirmed")
    slider = desk.get_by_label("After fact number")
    expect(desk.locator("#then-at")).to_contain_text(re.compile(r"After fact (\d+) of \1,"))
    assert int(slider.get_attribute("max") or 0) > before


def test_every_page_tells_how_much_waits(page: Page, desk: Page) -> None:
    go(desk, "/numbers")
    expect(desk.get_by_text("live", exact=True)).to_be_visible()
    count = desk.locator("#waiting b")
    before = int(re.sub(r"\D", "", count.inner_text() if count.count() else "") or 0)
    an_unclear_patient(page, "Ottilie", "+12025550199")
    expect(count).to_contain_text(f"{before + 1}")


def test_without_javascript_every_page_and_every_act_works(browser: Browser, page: Page, sandbox: str) -> None:
    an_unclear_patient(page, "Leopold", "+12025550192")
    with browser.new_context(java_script_enabled=False) as context:
        desk = context.new_page()
        desk.goto(f"{sandbox}/desk")
        for place in PLACES:
            go(desk, place)
            expect(desk.get_by_role("heading", level=1)).to_be_visible()
        opens(desk, "Leopold")
        desk.get_by_label("After fact number").fill("1")
        desk.get_by_role("button", name="Show", exact=True).click()
        expect(desk.locator("#then .badge")).to_have_text("to be asked")
        go(desk, "/inbox")
        task(desk, "Leopold").get_by_role("button", name="Confirm the appointment of Leopold").click()
        told(desk, "Confirmed. Cal.com is told now.")
        desk.get_by_role("button", name="Sign out").click()
        expect(desk.get_by_role("heading", level=1)).to_have_text("Sign in")
    stands(page, "Leopold", "confirmed", in_cal_com="accepted")


def test_what_is_full_of_markup_shows_as_text(page: Page, desk: Page) -> None:
    name = "<img src=x onerror=document.title='ours'>"
    fill_in_and_book(page, name, "+12025550193")
    stands(page, name, "sms_sent", in_cal_com="pending")
    reply(page, "<script>document.title='ours'</script>")
    for place in ("/bookings", "/inbox"):
        go(desk, place)
        assert "ours" not in desk.title()
    find(desk, "+12025550193")
    desk.get_by_role("link", name=name).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(name)
    expect(desk.locator("#chat")).to_contain_text("<script>document.title='ours'</script>")
    assert desk.title() == f"{name} · Cal.com Clinic"


def test_the_sandbox_shows_both_sides_at_once(page: Page) -> None:
    book(page, "Mathilda", "+12025550194")
    desk = page.frame_locator("#desk")
    expect(desk.get_by_role("link", name="Mathilda")).to_be_visible()
    reply(page, "no")
    stands(page, "Mathilda", "cancelled", in_cal_com="cancelled")
    expect(desk.get_by_role("row").filter(has_text="Mathilda")).to_contain_text("cancelled")
