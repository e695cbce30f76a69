"""What people do on the sandbox's page, and what they see there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

QUESTION = "Reply YES to confirm, NO to cancel."


def fill_in_and_book(page: Page, name: str, phone: str) -> None:
    page.get_by_test_id("book-name").fill(name)
    page.get_by_test_id("book-phone").fill(phone)
    page.get_by_test_id("book-submit").click()


def book(page: Page, name: str, phone: str) -> None:
    """Take a slot, and wait for the clinic's question."""
    fill_in_and_book(page, name, phone)
    is_asked(page, name)
    stands(page, name, "sms_sent", in_cal_com="pending")


def reply(page: Page, text: str) -> None:
    page.get_by_test_id("reply-text").fill(text)
    page.get_by_test_id("reply-send").click()
    expect(page.get_by_test_id("message-in").last).to_have_text(text)


def question(page: Page) -> Locator:
    return page.get_by_test_id("chat").get_by_test_id("message-out").first


def is_asked(page: Page, name: str) -> None:
    expect(question(page)).to_contain_text(f"Hi {name}!")
    expect(question(page)).to_contain_text(QUESTION)


def hears(page: Page, words: str | re.Pattern[str]) -> None:
    """The last of the clinic's texts says so."""
    expect(page.get_by_test_id("chat").get_by_test_id("message-out").last).to_have_text(words)


def stands(page: Page, name: str, state: str, *, in_cal_com: str) -> None:
    booking = page.get_by_role("article", name=f"Booking of {name}", exact=True)
    expect(booking.get_by_test_id("booking-state")).to_have_text(state)
    expect(booking.get_by_test_id("calcom-status")).to_have_text(in_cal_com)


@contextmanager
def one_more_call(page: Page, call: str) -> Iterator[None]:
    """What happens within makes this call, once."""
    calls = page.get_by_test_id("call-log").get_by_test_id("call").filter(has_text=call)
    before = calls.count()
    yield
    expect(calls).to_have_count(before + 1)
