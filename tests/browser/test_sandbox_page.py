"""The sandbox's page, as somebody who has just started Replyes uses it: every click real, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import book, fill_in_and_book, hears, is_asked, one_more_call, question, reply, stands

CONFIRMED = re.compile(r"^Confirmed\. See you \w+!$")
CANCELLED = "No problem — your appointment has been cancelled."
UNCLEAR = "Sorry — please reply YES or NO."
WIDTH = 390
SMALL_SCREEN = {"viewport": {"width": WIDTH, "height": 844}, "is_mobile": True, "has_touch": True}


def test_a_yes_confirms_the_booking(page: Page) -> None:
    book(page, "Sarah", "+1 202 555 0102")
    with one_more_call(page, "→ PATCH /v2/bookings/…/confirm 200"):
        reply(page, "yes please")
        hears(page, CONFIRMED)
        stands(page, "Sarah", "confirmed", in_cal_com="accepted")


def test_a_no_cancels_the_booking(page: Page) -> None:
    book(page, "Noah", "+1 202 555 0103")
    with one_more_call(page, "→ DELETE /v2/bookings/… 200"):
        reply(page, "No")
        hears(page, CANCELLED)
        stands(page, "Noah", "cancelled", in_cal_com="cancelled")


def test_what_is_unclear_is_asked_again(page: Page) -> None:
    book(page, "Una", "+1 202 555 0104")
    reply(page, "banana")
    hears(page, UNCLEAR)
    stands(page, "Una", "invalid_reply", in_cal_com="pending")
    reply(page, "Y")
    hears(page, CONFIRMED)
    stands(page, "Una", "confirmed", in_cal_com="accepted")


@pytest.fixture
def real_api(page: Page) -> Iterator[None]:
    """The fake Cal.com takes the calls of the real one, until the story is over."""
    concept, real = (page.get_by_role("button", name=name) for name in ("Concept", "Real API"))
    real.click()
    expect(real).to_have_attribute("aria-pressed", "true")
    yield
    concept.click()
    expect(concept).to_have_attribute("aria-pressed", "true")


@pytest.mark.usefixtures("real_api")
def test_replyes_speaks_the_real_api_as_well(page: Page) -> None:
    book(page, "Rita", "+1 202 555 0105")
    with one_more_call(page, "→ POST /v2/bookings/…/confirm 200"):
        reply(page, "YES")
        hears(page, CONFIRMED)
        stands(page, "Rita", "confirmed", in_cal_com="accepted")


def test_a_refused_form_says_why_and_keeps_what_was_typed(page: Page) -> None:
    name, phone = page.get_by_test_id("book-name"), page.get_by_test_id("book-phone")
    practitioner, time = page.get_by_label("With"), page.get_by_label("Time")
    why = page.get_by_text("No text can reach this number.")
    practitioner.select_option("Dr. Novak")
    time.fill("15:45")
    fill_in_and_book(page, "Fay & <Co>", "banana")

    expect(why).to_be_visible()
    expect(phone).to_be_focused()
    expect(phone).to_have_attribute("aria-invalid", "true")
    for field, typed in ((name, "Fay & <Co>"), (phone, "banana"), (practitioner, "Dr. Novak"), (time, "15:45")):
        expect(field).to_have_value(typed)

    book(page, "Fay", "+1 202 555 0106")
    expect(why).to_have_count(0)
    expect(question(page)).to_contain_text(re.compile(r"with Dr\. Novak (on .*|today|tomorrow) at 3:45 pm"))


def test_news_takes_no_word_from_whoever_is_typing(page: Page) -> None:
    field = page.get_by_test_id("reply-text")
    fill_in_and_book(page, "Theo", "+1 202 555 0107")
    field.fill("ye")
    is_asked(page, "Theo")
    expect(field).to_have_value("ye")
    expect(field).to_be_focused()


@pytest.mark.parametrize("page", [SMALL_SCREEN], ids=[f"{WIDTH}px"], indirect=True)
def test_a_phones_narrow_screen_is_enough(page: Page) -> None:
    for field in ("book-name", "book-phone", "book-submit"):
        expect(page.get_by_test_id(field)).to_be_in_viewport(ratio=1)
    book(page, "Pia", "+1 202 555 0108")
    for field in ("reply-text", "reply-send"):
        expect(page.get_by_test_id(field)).to_be_in_viewport(ratio=1)
    reply(page, "yes please")
    hears(page, CONFIRMED)
    stands(page, "Pia", "confirmed", in_cal_com="accepted")
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTH
