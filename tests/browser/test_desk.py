"""The staff's pages in a real browser, as somebody finds them who follows the sandbox's link."""

import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

NARROW = 360


def has_no_fault(page: Page) -> None:
    """Nothing that axe can find stands in anybody's way, by day and by night."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not (found := Axe().run(page)).violations_count, found.generate_report()


def test_the_link_opens_the_desk_until_somebody_signs_out(page: Page, log: Path) -> None:
    (link,) = re.findall(r"http\S+/sign-in\?once=\S+", log.read_text())
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    has_no_fault(page)

    page.set_viewport_size({"width": NARROW, "height": 640})
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Heute")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW

    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    has_no_fault(page)
