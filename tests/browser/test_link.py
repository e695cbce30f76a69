"""The page behind a confirm link, as a patient whose country routes no replies sees it on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pages import fill_in_and_book, question, stands

PHONE = {"width": 360, "height": 700}


def link_of(page: Page, name: str, phone: str) -> str:
    """A patient books, and gets a link instead of being asked for a reply."""
    fill_in_and_book(page, name, phone)
    expect(question(page)).to_contain_text(f"Hi {name}!")  # and not the patient's before
    expect(question(page)).not_to_contain_text("Reply YES")
    found = question(page).get_by_role("link").get_attribute("href")
    assert found
    return found


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def opened(context: BrowserContext, link: str) -> Page:
    page = context.new_page()
    page.goto(link)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_patient_confirms_and_cancels_on_a_narrow_phone(browser: Browser, page: Page, scheme: str) -> None:
    name, phone = "Aoife" if scheme == "light" else "Ciara", "+353 85 123 45" + ("67" if scheme == "light" else "68")
    link = link_of(page, name, phone)
    with browser.new_context(viewport=PHONE, color_scheme=scheme) as context:  # type: ignore[arg-type]
        mine = opened(context, link)
        assert serious(mine) == []
        assert mine.evaluate("document.documentElement.scrollWidth <= innerWidth")
        mine.get_by_role("button", name="Yes, I am coming").click()
        expect(mine.get_by_role("status")).to_contain_text("is confirmed")
        stands(page, name, "confirmed", in_cal_com="accepted")
        assert serious(mine) == []
        mine.get_by_text("Cancel this appointment").click()
        mine.get_by_role("button", name="No, please cancel").click()
        expect(mine.get_by_role("status")).to_contain_text("has been cancelled")
        stands(page, name, "cancelled", in_cal_com="cancelled")


def test_without_javascript_the_page_takes_the_answer(browser: Browser, page: Page) -> None:
    link = link_of(page, "Niamh", "+353 85 123 4569")
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:
        mine = opened(context, link)
        mine.get_by_role("button", name="No, please cancel").click()
        expect(mine.get_by_role("status")).to_contain_text("has been cancelled")
