"""The product as a process of its own with its sandbox, and a real browser that looks at it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.wire.product import REPLYES, free_port
from tests.wire.servers import PATIENCE, within

BROWSERS = ("chromium", "google-chrome", "chromium-browser")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
REFUSED_FORM = "status of 422"  # the browser reports it as an error, and it is the documented answer

expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless, with a profile of its own. Closed with the module and not with the session: until then playwright
    keeps an event loop running in this thread, where other tests start their own."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"needs a browser: none of {', '.join(BROWSERS)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the sandbox prints."""
    return tmp_path_factory.mktemp("sandbox") / "log"


@pytest.fixture(scope="module")
def sandbox(browser: Browser, log: Path) -> Iterator[str]:
    """The address of `replyes serve --sandbox`. One process serves all stories, so each has a patient of its own."""
    folder, port = log.parent, free_port()
    command = [REPLYES, "serve", "--sandbox", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env={"LINK_COUNTRIES": "IE"}, stdout=output, stderr=output)
    try:
        for _ in within(PATIENCE, "the product answers", log.read_text):
            assert process.poll() is None, log.read_text()
            if is_up(f"http://127.0.0.1:{port}/healthz"):
                break
        yield f"http://127.0.0.1:{port}/sandbox"
    finally:
        process.terminate()
        code = process.wait(PATIENCE)
    assert code == 0, log.read_text()


@pytest.fixture
def page(browser: Browser, sandbox: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The sandbox's page in a fresh window. No error may show in its console."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and REFUSED_FORM not in message.text:
            errors.append(message.text)

    with browser.new_context(**getattr(request, "param", {})) as context:
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(sandbox)
        yield page
    assert not errors


def is_up(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False
