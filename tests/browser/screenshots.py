"""The pictures of the README: `make screenshots` plays a morning at the sandbox and writes them to docs/screenshots."""

import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import BROWSERS, FLAGS, is_up
from tests.wire.product import REPLYES, free_port

FOLDER = Path(__file__).parents[2] / "docs/screenshots"
PATIENTS = [
    ("Sarah Conner", "09:00", ["YES"]),
    ("Zoë Quartermain", "09:30", ["yes please"]),
    ("Bartholomäus Adler", "10:00", ["can we make it at 3 instead?"]),
    ("Mei Lin", "10:30", []),
    ("Jamal Carter", "11:00", ["NO"]),
    ("Ana García", "11:30", ["hm", "is there parking?", "and a lift?"]),
    ("Tomasz Nowak", "12:00", ["yes, see you there", "No"]),
    ("Ines Oliveira", "14:00", ["STOP"]),
    ("Ruth Ashworth", "14:30", []),
]
WEEKS = 12


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        url, command = f"http://127.0.0.1:{port}", [REPLYES, "serve", "--sandbox", "--port", str(port)]
        with subprocess.Popen(command, cwd=folder, env={"LINK_COUNTRIES": "IE"}, stdout=subprocess.DEVNULL) as process:
            try:
                _wait(lambda: is_up(f"{url}/healthz"))
                day = _play(url)
                _remember_weeks(Path(folder) / "replyes-sandbox.db")
                _draw(url, day)
            finally:
                process.terminate()


def _play(url: str) -> date:
    """A morning: everybody books, and some answer. Returns the day of the appointments."""
    day = _next_tuesday()
    with httpx.Client(base_url=url, trust_env=False, follow_redirects=True) as client:
        for number, (name, at, texts) in enumerate(PATIENTS):
            phone = f"+1202555{160 + number:04d}"
            form = {"name": name, "phone": phone, "day": f"{day}", "time": at, "practitioner": "Dr. Lee"}
            client.post("/sandbox/book", data={**form, "language": "en"}).raise_for_status()
            _wait(partial(_is_asked, client, name.split()[0]))
            for words in texts:
                client.post("/sandbox/reply", data={"phone": phone, "text": words}).raise_for_status()
                time.sleep(1)
    return day


def _link_to_answer(url: str, day: date) -> str:
    """The page of a patient whose country routes no replies."""
    with httpx.Client(base_url=url, trust_env=False, follow_redirects=True) as client:
        form = {"name": "Aoife", "phone": "+353851234567", "day": f"{day}", "time": "15:00", "practitioner": "Dr. Lee"}
        client.post("/sandbox/book", data={**form, "language": "en"}).raise_for_status()
        _wait(partial(_is_asked, client, "Aoife"))
        return re.findall(r"/c/[\w-]{32}", client.get("/sandbox").text)[-1]


def _is_asked(client: httpx.Client, first_name: str) -> bool:
    return f"Hi {first_name}!" in client.get("/sandbox").text


def _remember_weeks(file: Path) -> None:
    """Twelve weeks in numbers that no morning can bring."""
    chance = random.Random(7)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        for back in range(3, WEEKS * 7 * 24):
            at = now - timedelta(hours=back)
            if at.weekday() > 4 or not 12 <= at.hour <= 23:  # New York
                continue
            row = _an_hour(chance, growth=1 - back / (WEEKS * 7 * 24 * 2))
            names = ", ".join(["clinic", "slot", *row])
            values = ("main", int(at.timestamp() * 1000), *row.values())
            database.execute(f"INSERT OR IGNORE INTO numbers ({names}) VALUES ({', '.join('?' * len(values))})", values)


def _an_hour(chance: random.Random, growth: float) -> dict[str, int]:
    asked = round(chance.randint(3, 9) * growth)
    said_yes = sum(chance.random() < 0.62 + 0.15 * growth for _ in range(asked))
    said_no = sum(chance.random() < 0.4 for _ in range(asked - said_yes))
    waits = ["within_1m", "within_1m", "within_5m", "within_5m", "within_15m", "within_1h", "within_4h", "within_1d"]
    row = {"requested": asked, "confirmed": said_yes, "cancelled": said_no, "expired": asked - said_yes - said_no}
    row |= {"heard": said_yes + said_no + 1, "decided": said_yes + said_no, "unclear": int(chance.random() < 0.3)}
    row |= {"texts": asked * 2, "segments": asked * 2 + asked // 2, "delivered": asked * 2, "undelivered": 0}
    row["by_staff"] = int(chance.random() < 0.2)
    for _ in range(said_yes + said_no):
        wait = chance.choice(waits)
        row[wait] = row.get(wait, 0) + 1
    return row


def _draw(url: str, day: date) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(args=FLAGS, executable_path=_chromium())
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page.goto(f"{url}/sandbox")
        page.frame_locator("#desk").get_by_role("heading", level=1).wait_for()
        _keep(page, "sandbox")
        page.set_viewport_size({"width": 1180, "height": 760})
        for name, path in (("today", f"/?day={day}"), ("inbox", "/inbox"), ("numbers", "/numbers")):
            page.goto(url + path)
            _keep(page, name)
        page.goto(f"{url}/bookings?q=Ana")
        page.get_by_role("link", name="Ana García").click()
        _keep(page, "booking")
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 760})
        page.goto(f"{url}/inbox")
        _keep(page, "inbox-on-a-phone")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 390, "height": 440})
        page.goto(url + _link_to_answer(url, day))
        _keep(page, "link-on-a-phone")
        browser.close()


def _keep(page: Page, name: str) -> None:
    page.wait_for_timeout(700)
    page.screenshot(path=FOLDER / f"{name}.png")


def _chromium() -> str:
    return next(filter(None, map(shutil.which, BROWSERS)))


def _next_tuesday() -> date:
    today = datetime.now(UTC).date()
    return today + timedelta(days=(1 - today.weekday()) % 7 or 7)


def _wait(is_there: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not is_there():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.2)


if __name__ == "__main__":
    main()
