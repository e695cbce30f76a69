"""Today, Bookings and Errands: what stands in the lists, how one gets through them, and what is done there."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import chain
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from adapters.storage import desk as storage
from domain.correspondence import ErrandHandled
from domain.facts import Fact
from domain.lifecycle import State
from entrypoints.desk import bookings, errands, today
from entrypoints.desk.words import LANGUAGES
from tests.databases import new_database
from tests.entrypoints.conftest import Product, attendee, booked, cal, new_product, text
from tests.entrypoints.desk_kit import Desk

DAY = "2099-05-12"
WRONG = ("zz", "2099-02-30", "0001-01-01", "9999-12-31", "9" * 400, "\0", "%", "'", "-1~0~", "~~", "<b>", "١٢")


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with new_database("sqlite", tmp_path) as url, new_product(url) as product:
        yield product


@pytest.fixture
def staff(product: Product) -> Desk:
    desk = Desk(product)
    desk.sign_in()
    return desk


@pytest.fixture
def staff_anywhere(database: str) -> Iterator[Desk]:
    """On every kind of database."""
    with new_product(database) as product:
        desk = Desk(product)
        desk.sign_in()
        yield desk


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for page in (today, bookings, errands):
        monkeypatch.setattr(page, "PAGE", 3)


def books(
    staff: Desk, uid: str, name: str = "Sarah Miller", *, at: str = "10:30", day: str = DAY, phone: str = "+12025550143"
) -> None:
    """A patient takes a slot; the clinic is in UTC."""
    start = f"{day}T{at}:00Z"
    who = attendee(name=name, email=f"{uid}@example.org", phoneNumber=phone)
    document = booked(uid=uid, startTime=start, endTime=f"{day}T23:59:00Z", attendees=[who])
    (answer,) = staff.product.send(cal(document))
    assert answer.status_code == 200, answer.text


def shown(page: str) -> list[str]:
    """The bookings in the table, in its order."""
    return re.findall(r'<tr id="row-booking-main-([^"]+)"', page)


def tabs(page: str) -> dict[str, str]:
    """The counts of the tabs by what they show."""
    return dict(re.findall(r'<a id="tab-(\w+)"[^>]*>[^<]*<b>([^<]+)</b>', page))


def all_pages(staff: Desk, path: str) -> list[list[str]]:
    """What stands on each page, following "More" to the end."""
    found = []
    while path:
        page = staff.get(path).text
        found.append(re.findall(r'<tr id="(?:row-booking-main|errand)-([^"]+)"', page))
        onwards = re.search(r'rel="next" href="([^"]+after=[^"]+)"', page)
        path = f"{path.partition('?')[0]}{unescape(onwards[1])}" if onwards else ""
        assert len(found) < 20
    return found


# -- Today --------------------------------------------------------------------------------------------------------


def test_a_day_stands_in_the_order_of_its_starts(staff_anywhere: Desk) -> None:
    books(staff_anywhere, "late", at="16:00")
    books(staff_anywhere, "early", at="08:15")
    books(staff_anywhere, "other", day="2099-05-13", at="00:00")
    page = staff_anywhere.get(f"/?day={DAY}").text
    assert shown(page) == ["early", "late"]
    assert "08:15" in page
    assert 'href="/bookings/early"' in page
    assert tabs(page)["all"] == "2"


def test_without_a_day_it_is_today(staff: Desk) -> None:
    for path in ("/", "/?day=", "/?day=zz", "/?day=2099-13-01"):
        page = staff.get(path).text
        assert "<h1>Today</h1>" in page
        assert f'value="{datetime.now(UTC).date()}"' in page
    assert "<h1>Tue 12 May 2099</h1>" in staff.get(f"/?day={DAY}").text


def test_links_lead_to_the_day_before_the_day_after_and_back(staff: Desk) -> None:
    page = staff.get("/?day=2099-03-01&show=waiting&after=1~0~x").text
    assert 'rel="prev" href="?day=2099-02-28&amp;show=waiting"' in page
    assert 'rel="next" href="?day=2099-03-02&amp;show=waiting"' in page
    assert '<a class="button" href="?show=waiting">Today</a>' in page


def test_today_is_told_in_a_sentence_and_other_days_are_not(staff: Desk) -> None:
    books(staff, "one")
    books(staff, "two", phone="")
    assert "waiting for an answer" not in staff.get(f"/?day={DAY}").text
    staff.desk._guard._now = lambda: datetime(2099, 5, 12, 9, tzinfo=UTC)
    page = staff.get("/").text
    assert "2 waiting for an answer, 0 confirmed, 0 cancelled, 0 expired." in page
    assert "one needs you" in page


def test_tabs_choose_by_state_and_by_who_needs_somebody(staff_anywhere: Desk) -> None:
    staff = staff_anywhere
    for number, state in enumerate(State):
        books(staff, f"is-{state}", phone=f"+1202555011{number}")
        staff.product.sql(f"UPDATE bookings SET state = '{state}' WHERE uid = 'is-{state}'")
    books(staff, "unreachable", phone="")
    page = staff.get(f"/?day={DAY}").text
    assert tabs(page) == {
        "all": "7",
        "needs_you": "1",
        "waiting": "4",
        "confirmed": "1",
        "cancelled": "1",
        "expired": "1",
    }
    assert page.count("badge needs") == 1
    waiting = {"is-requested", "is-sms_sent", "is-invalid_reply", "unreachable"}
    assert set(shown(staff.get(f"/?day={DAY}&show=waiting").text)) == waiting
    assert shown(staff.get(f"/?day={DAY}&show=expired").text) == ["is-expired"]
    assert shown(staff.get(f"/?day={DAY}&show=needs_you").text) == ["unreachable"]
    assert len(shown(staff.get(f"/?day={DAY}&show=nonsense").text)) == 7
    assert re.findall(r'id="tab-(\w+)"[^>]* aria-current', staff.get(f"/?day={DAY}&show=waiting").text) == ["waiting"]


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("path", [f"/?day={DAY}", f"/?day={DAY}&show=waiting", "/bookings", "/bookings?q=mil"])
def test_every_booking_is_on_one_page_even_where_they_start_together(staff_anywhere: Desk, path: str) -> None:
    names = [f"uid{number}" for number in range(8)]
    for number, uid in enumerate(names):
        books(staff_anywhere, uid, at="10:30" if number < 6 else "11:00", phone=f"+1202555011{number}")
    found = all_pages(staff_anywhere, path)
    assert [len(page) for page in found] == [3, 3, 2]
    assert sorted(chain(*found)) == names


@pytest.mark.usefixtures("short_pages")
def test_a_later_page_leads_back_to_the_first(staff: Desk) -> None:
    assert "From the beginning" not in staff.get(f"/?day={DAY}").text
    page = staff.get(f"/?day={DAY}&after=1~0~x").text
    assert f'<a href="?day={DAY}">← From the beginning</a>' in page


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 5, 12), 24),
        ("America/Santiago", date(2026, 9, 6), 23),  # midnight itself is left out
        ("America/Havana", date(2026, 11, 1), 25),
        ("Asia/Kathmandu", date(2026, 5, 12), 24),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight_on_the_clinics_wall(zone: str, day: date, hours: int) -> None:
    begins, ends = (today._midnight(one, ZoneInfo(zone)) for one in (day, day + timedelta(days=1)))
    assert ends.astimezone(UTC) - begins.astimezone(UTC) == timedelta(hours=hours)
    assert begins.astimezone(UTC).astimezone(ZoneInfo(zone)).date() == day


# -- Bookings -----------------------------------------------------------------------------------------------------


def test_the_latest_start_comes_first(staff_anywhere: Desk) -> None:
    for uid, day in (("first", "2099-05-01"), ("third", "2099-07-01"), ("second", "2099-06-01")):
        books(staff_anywhere, uid, day=day)
    assert shown(staff_anywhere.get("/bookings").text) == ["third", "second", "first"]


def test_a_state_can_be_chosen(staff_anywhere: Desk) -> None:
    books(staff_anywhere, "asked")
    books(staff_anywhere, "settled", phone="+12025550144")
    staff_anywhere.product.sql("UPDATE bookings SET state = 'confirmed' WHERE uid = 'settled'")
    for query in ("state=confirmed", "q=Miller&state=confirmed"):
        page = staff_anywhere.get(f"/bookings?{query}").text
        assert shown(page) == ["settled"]
        assert '<option value="confirmed" selected>' in page
    assert len(shown(staff_anywhere.get("/bookings?state=nonsense").text)) == 2


@pytest.mark.parametrize(
    "typed",
    [
        "Zoë",
        "zoe",
        "ZOË",
        " zoë  o",
        "Zoë O'Neill",
        "ZOE O’NEILL",
        "neill",
        "Neill, Zoë",
        "177",
        "0177",
        "+1 (202) 555-0177",
    ],
)
def test_a_booking_is_found_by_the_name_and_the_end_of_the_phone(staff_anywhere: Desk, typed: str) -> None:
    books(staff_anywhere, "wanted", "Zoë O'Neill", phone="+12025550177")
    books(staff_anywhere, "another", "Ann Zola", phone="+12025550199")
    assert shown(staff_anywhere.get(f"/bookings?q={quote(typed)}").text) == ["wanted"]


def test_who_types_a_whole_booking_id_is_led_to_the_booking(staff_anywhere: Desk) -> None:
    books(staff_anywhere, "kQ9vXb2")
    answer = staff_anywhere.get("/bookings?q=+kQ9vXb2+&state=expired")
    assert (answer.status_code, answer.headers["location"]) == (303, "/bookings/kQ9vXb2")
    assert "Nothing was found for “kQ9”" in staff_anywhere.get("/bookings?q=kQ9").text


def test_where_nothing_is_found_the_page_helps(staff: Desk) -> None:
    assert "There are no bookings yet." in staff.get("/bookings").text
    assert "No booking is in this state." in staff.get("/bookings?state=expired").text
    assert "Nothing was found for “&lt;i&gt;”." in staff.get("/bookings?q=<i>").text


def test_where_very_much_is_found_the_page_asks_for_more(staff_anywhere: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "ENOUGH", 2)
    for number in range(3):
        assert "Please type more" not in staff_anywhere.get("/bookings?q=miller").text
        books(staff_anywhere, f"uid{number}", phone=f"+1202555011{number}")
    assert "Please type more" in staff_anywhere.get("/bookings?q=miller").text
    assert "Please type more" not in staff_anywhere.get("/bookings").text


# -- Errands ------------------------------------------------------------------------------------------------------


def meddle(staff: Desk, uid: str, change: str) -> str:
    """Another standing for the errand of this booking; returns its key."""
    about = f"bookings LIKE '%booking-main-{uid}\"%'"
    staff.product.sql(f"UPDATE outbox SET {change} WHERE {about}")
    ((key,),) = staff.product.rows(f"SELECT errand FROM outbox WHERE {about}")
    return str(key)


@pytest.fixture
def stuck(staff_anywhere: Desk) -> dict[str, str]:
    """One errand of each standing: its key."""
    changes = {
        "dead": "status = 'dead', attempts = 4, note = 'told +12025550143 <b>'",
        "doubt": "attempted_at = 1000, attempts = 1, text = 'Hi', due_at = 32503680000000",
        "hand": "lease_until = 32503680000000, attempts = 1",
        "wait": "due_at = 32503680000000",
        "due": "attempts = 2",
    }
    for number, uid in enumerate(changes):
        books(staff_anywhere, uid, f"Patient {uid.title()}", phone=f"+1202555010{number}")
    return {uid: meddle(staff_anywhere, uid, change) for uid, change in changes.items()}


def offered(page: str) -> dict[str, list[str]]:
    """What can be done with each errand, by its key."""
    rows = re.findall(r'<tr id="errand-(\w+)">(.*?)</tr>', page, re.DOTALL)
    return {key: re.findall(rf'action="/errands/{key}/(\w+)"', row) for key, row in rows}


def test_the_queue_tells_how_each_errand_stands_and_what_can_be_done(
    staff_anywhere: Desk, stuck: dict[str, str]
) -> None:
    page = staff_anywhere.get("/errands").text
    assert offered(page) == {
        stuck["dead"]: ["retry"],
        stuck["doubt"]: ["retry", "sent", "unsent"],
        stuck["hand"]: [],
        stuck["wait"]: ["retry"],
        stuck["due"]: [],
    }
    assert re.findall(r'<span class="badge \w+">([^<]+)</span>', page) == [
        "given up",
        "in doubt",
        "in hand",
        "waits",
        "due",
    ]
    assert 'href="/bookings/dead"><bdi>Patient Dead</bdi>' in page
    assert "told …43 &lt;b&gt;" in page
    assert tabs(page) == {"queue": "5", "retried": "3", "in_doubt": "1", "dead": "1"}


@pytest.mark.parametrize(("which", "uids"), [("dead", ["dead"]), ("in_doubt", ["doubt"]), ("zz", 5), ("", 5)])
def test_tabs_choose_what_is_stuck(
    staff_anywhere: Desk, stuck: dict[str, str], which: str, uids: list[str] | int
) -> None:
    found = list(offered(staff_anywhere.get(f"/errands?which={which}").text))
    assert len(found) == uids if isinstance(uids, int) else found == [stuck[uid] for uid in uids]


@pytest.mark.usefixtures("short_pages")
def test_every_errand_is_on_one_page(staff_anywhere: Desk, stuck: dict[str, str]) -> None:
    staff_anywhere.product.sql("UPDATE outbox SET queued_at = 5000")
    found = all_pages(staff_anywhere, "/errands")
    assert [len(page) for page in found] == [3, 2]
    assert sorted(chain(*found)) == sorted(stuck.values())


def test_very_many_errands_are_not_counted(staff: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (storage, errands):
        monkeypatch.setattr(module, "ENOUGH", 1)
    assert tabs(staff.get("/errands").text)["queue"] == "0"
    books(staff, "one")
    assert tabs(staff.get("/errands").text)["queue"] == "1+"


def did(staff: Desk, uid: str) -> list[tuple[str, str]]:
    """What people have done with the errand about this booking, and who."""
    stream = f"booking-main-{uid}"
    ledger = staff.product.service.store.ledger
    row = staff.product.rows("SELECT conversation FROM bookings WHERE uid = ?", uid)[0][0]
    facts: list[Fact] = staff.product.runner.run(ledger.history(stream, row))
    return [(fact.how, fact.who) for fact in facts if isinstance(fact, ErrandHandled)]


TOLD = {
    "retried": "A worker takes it next.",
    "sent": "Noted as sent.",
    "unsent": "Noted as not sent; it is sent now.",
}


@pytest.mark.parametrize(
    ("uid", "act", "how"),
    [
        ("dead", "retry", "retried"),
        ("wait", "retry", "retried"),
        ("doubt", "retry", "retried"),
        ("doubt", "sent", "sent"),
        ("doubt", "unsent", "unsent"),
    ],
)
def test_what_is_done_stands_in_the_log_with_a_name_and_is_done_once(
    staff_anywhere: Desk, stuck: dict[str, str], uid: str, act: str, how: str
) -> None:
    path, form = f"/errands/{stuck[uid]}/{act}", {"csrf": staff_anywhere.csrf(), "back": "/errands?which=dead"}
    answer = staff_anywhere.post(path, form)
    assert (answer.status_code, answer.headers["location"].partition("&")[0]) == (303, "/errands?which=dead")
    assert TOLD[how] in staff_anywhere.get(answer.headers["location"]).text
    assert did(staff_anywhere, uid) == [(how, "Ana")]
    again = staff_anywhere.post(path, form).headers["location"]
    assert "said=refused_" in again
    assert "notice warn" in staff_anywhere.get(again).text
    assert did(staff_anywhere, uid) == [(how, "Ana")]


@pytest.mark.parametrize(
    ("uid", "act", "code"),
    [
        ("due", "retry", "due_already"),
        ("hand", "retry", "in_hand"),
        ("hand", "sent", "in_hand"),
        ("dead", "sent", "not_in_doubt"),
        ("wait", "unsent", "not_in_doubt"),
    ],
)
def test_what_cannot_be_done_is_told(
    staff_anywhere: Desk, stuck: dict[str, str], uid: str, act: str, code: str
) -> None:
    answer = staff_anywhere.post(f"/errands/{stuck[uid]}/{act}", {"csrf": staff_anywhere.csrf()})
    assert answer.headers["location"] == f"/errands?said=refused_{code}"
    assert did(staff_anywhere, uid) == []


@pytest.mark.parametrize("key", ["0" * 32, "%00", "..", "a b", "9" * 500, "%ff"])
def test_an_errand_that_is_not_there_is_settled(staff_anywhere: Desk, key: str) -> None:
    answer = staff_anywhere.post(f"/errands/{key}/retry", {"csrf": staff_anywhere.csrf()})
    assert (answer.status_code, answer.headers.get("location")) in (
        (303, "/errands?said=refused_recorded"),
        (404, None),
    )


def test_an_errand_of_another_clinic_is_not_there(staff: Desk) -> None:
    books(staff, "theirs")
    key = meddle(staff, "theirs", "status = 'dead', clinic = 'other'")
    assert offered(staff.get("/errands").text) == {}
    answer = staff.post(f"/errands/{key}/retry", {"csrf": staff.csrf()})
    assert answer.headers["location"] == "/errands?said=refused_recorded"
    assert did(staff, "theirs") == []


@pytest.mark.parametrize("act", ["retry", "sent", "unsent"])
def test_an_act_needs_a_form_of_ours(staff: Desk, act: str) -> None:
    books(staff, "dead")
    key = meddle(staff, "dead", "status = 'dead', attempted_at = 1000, text = 'Hi'")
    stranger = Desk(staff.product)
    for answer in (
        staff.post(f"/errands/{key}/{act}"),
        staff.post(f"/errands/{key}/{act}", {"csrf": "0" * 64}),
        staff.post(f"/errands/{key}/{act}", {"csrf": staff.csrf()}, origin="https://elsewhere.example"),
        stranger.post(f"/errands/{key}/{act}"),
    ):
        assert answer.status_code == 403
    assert did(staff, "dead") == []


def test_a_call_to_the_calendar_in_doubt_is_only_tried_again(staff: Desk) -> None:
    books(staff, "one")
    staff.product.deliver()
    staff.product.send(text())
    key = meddle(staff, "one", "attempted_at = 1000, attempts = 1, status = 'dead'")
    page = staff.get("/errands").text
    assert offered(page) == {key: ["retry"]}
    assert "confirm in Cal.com" in page
    answer = staff.post(f"/errands/{key}/sent", {"csrf": staff.csrf()})
    assert answer.headers["location"] == "/errands?said=refused_no_text"


def test_a_channel_that_is_shut_is_told_on_top(staff: Desk) -> None:
    assert "notice warn" not in staff.get("/errands").text
    staff.product.sql(
        "INSERT INTO channels (clinic, channel, shut_until, why) VALUES "
        "('main', 'sms', 32503680000000, '20003 of +12025550100'), ('main', 'calendar', 1, 'over'),"
        "('other', 'calendar', 32503680000000, 'not ours')"
    )
    page = staff.get("/errands").text
    assert re.findall(r'id="shut-(\w+)"', page) == ["sms"]
    assert "20003 of …00" in page


# -- All three ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/bookings", "/errands"])
def test_a_page_is_for_those_who_have_signed_in(product: Product, path: str) -> None:
    assert Desk(product).get(path).status_code == 303


def test_names_are_text_and_phones_are_masked(staff: Desk) -> None:
    books(staff, "evil", "<script>alert(1)</script> 'Bobby\"")
    for path in (f"/?day={DAY}", "/bookings", "/bookings?q=143", "/errands"):
        page = staff.get(path).text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>" not in page
        assert "5550143" not in page
    assert "…43" in staff.get("/bookings").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words_for_all_of_it(staff_anywhere: Desk, stuck: dict[str, str], language: str) -> None:
    for path in (
        f"/?day={DAY}",
        "/",
        "/bookings",
        "/bookings?q=zzz",
        "/errands",
        "/errands?which=dead",
        "/errands?which=in_doubt",
    ):
        answer = staff_anywhere.get(path, **{"accept-language": language})
        assert answer.status_code == 200, answer.text
        assert f'<html lang="{language}">' in answer.text
    for code in ("changed", "due_already", "recorded", "in_hand", "not_in_doubt", "no_text"):
        answer = staff_anywhere.get(f"/errands?said=refused_{code}", **{"accept-language": language})
        assert "notice warn" in answer.text


@pytest.mark.parametrize("wrong", WRONG)
def test_nonsense_in_an_address_shows_a_page(staff_anywhere: Desk, wrong: str) -> None:
    books(staff_anywhere, "one")
    sent = quote(wrong, safe="")
    for path, names in (
        ("/", ("day", "show", "after")),
        ("/bookings", ("q", "state", "after")),
        ("/errands", ("which", "after")),
    ):
        for name in names:
            answer = staff_anywhere.get(f"{path}?{name}={sent}")
            assert answer.status_code == 200, (path, name)
    for after in (f"{'9' * 18}~{'9' * 9}~x", f"-{'9' * 18}~0~", "1~0~\0", "1~0~%ff"):
        for path in ("/", f"/?day={DAY}&show=needs_you", "/bookings", "/bookings?q=mil", "/errands"):
            joined = f"{path}{'&' if '?' in path else '?'}after={quote(after, safe='%')}"
            assert staff_anywhere.get(joined).status_code == 200, joined
