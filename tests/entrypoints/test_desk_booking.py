"""Inbox and Booking, as somebody with a browser sees them."""

import re
from html.parser import HTMLParser
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.inbox import Staff
from entrypoints.desk import booking
from entrypoints.desk.inbox import GROUPS
from tests.databases import new_database
from tests.entrypoints.conftest import PATIENT, UID, Product, attendee, booked, cal, new_product, text
from tests.entrypoints.desk_kit import Desk

SIDS = (f"SM{number:032x}" for number in count(0x5E))
BOOKING = f"/bookings/{UID}"
MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><b>bold</b>",
    "{{ 7 * 7 }} {% raw %}",
    "</textarea></title><svg/onload=alert(1)>",
    "&lt;i&gt; & &amp;",
    "{name} %s %(x)s",
]


class Elements(HTMLParser):
    """The start tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def staff(product: Product) -> Desk:
    desk = Desk(product)
    desk.sign_in("Anna")
    return desk


def a_patient_writes(product: Product, words: str) -> None:
    product.send(text(Body=words, MessageSid=next(SIDS)))
    product.deliver()


def an_unclear_patient(product: Product, name: str = "Sarah Conner", words: str = "and the parking?") -> None:
    person = attendee(name=name, phoneNumber=PATIENT)
    product.send(cal(booked(attendees=[person])))
    product.deliver()
    for said in ("hm", "what?", words):
        a_patient_writes(product, said)


def act(staff: Desk, path: str, **form: str) -> str:
    """Send a form of the desk; returns where it leads."""
    response = staff.post(path, {"csrf": staff.csrf(), **form})
    assert response.status_code == 303, response.text
    return response.headers["location"]


def item(product: Product) -> dict[str, str]:
    ((stream, version),) = product.rows("SELECT stream, version FROM staff_inbox")
    return {"stream": stream, "version": str(version)}


def who_did(product: Product, topic: str) -> int:
    return product.facts().count(topic)


# -- The inbox ----------------------------------------------------------------------------------------------------


def test_the_inbox_shows_what_was_said_and_who_said_it(product: Product, staff: Desk) -> None:
    an_unclear_patient(product)
    page = Elements(staff.get("/inbox").text).text
    for words in (
        "A text that we do not understand",
        "Sarah Conner",
        "and the parking?",
        "…43",
        "Confirm",
        "Ask again",
    ):
        assert words in page
    assert PATIENT not in staff.get("/inbox").text


def test_an_empty_inbox_says_so(staff: Desk) -> None:
    assert "Nothing waits here" in staff.get("/inbox").text


@pytest.mark.parametrize("kind", [*GROUPS, "done", "nonsense", "\0", "a" * 500])
def test_every_kind_of_item_has_its_page(product: Product, staff: Desk, kind: str) -> None:
    an_unclear_patient(product)
    response = staff.ask("GET", "/inbox", params={"kind": kind})
    assert response.status_code == 200
    assert ("parking" in response.text) == (kind not in set(GROUPS) - {"unclear"} | {"done"})


def test_every_reason_belongs_to_one_kind() -> None:
    assert sorted(reason for group in GROUPS.values() for reason in group) == sorted(Staff)


def test_many_items_are_shown_page_by_page_and_each_once(product: Product, staff: Desk) -> None:
    product.send(*(cal(booked(uid=f"bookingUid{number:011d}", attendees=[attendee()])) for number in range(45)))
    seen: list[str] = []
    path: str | None = "/inbox"
    while path:
        page = staff.get(path).text
        seen += re.findall(r'href="/bookings/(bookingUid\d+)"', page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        path = f"/inbox{more[1].replace('&amp;', '&')}" if more else None
    assert (len(seen), len(set(seen))) == (45, 45)


def test_confirmed_from_the_inbox_the_item_is_done_and_the_page_tells_so(product: Product, staff: Desk) -> None:
    an_unclear_patient(product)
    back = act(staff, f"{BOOKING}/confirm", back="/inbox?kind=unclear")
    assert back == "/inbox?kind=unclear&said=confirm"
    assert "Confirmed. Cal.com is told now." in staff.get(back).text
    assert product.state() == "confirmed"
    assert "done by Anna" in staff.get("/inbox?kind=done").text


@pytest.mark.parametrize(
    ("path", "state"), [("confirm", "confirmed"), ("cancel", "cancelled"), ("ask-again", "sms_sent")]
)
def test_an_act_is_done_once_and_the_second_is_told_how_it_stands(
    product: Product, staff: Desk, path: str, state: str
) -> None:
    an_unclear_patient(product)
    assert act(staff, f"{BOOKING}/{path}").startswith(BOOKING)
    facts = product.facts()
    assert "said=refused_" in act(staff, f"{BOOKING}/{path}")
    assert (product.state(), product.facts()) == (state, facts)


def test_an_item_is_taken_by_who_calls_back_and_the_number_is_shown_to_them_alone(
    product: Product, staff: Desk
) -> None:
    an_unclear_patient(product)
    back = act(staff, "/inbox/care", care="calling", phone_of=f"booking-main-{UID}", **item(product))
    page = staff.get(back).text
    assert f'href="tel:{PATIENT}"' in page
    assert "Anna is calling back" in page
    assert who_did(product, "staff.phone_shown") == 1
    other = Desk(product)
    other.sign_in("Ben")
    assert PATIENT not in other.get(back).text
    act(staff, "/inbox/care", care="done", **item(product))
    assert "Nothing waits here" in staff.get("/inbox").text
    act(staff, "/inbox/care", care="open", **item(product))
    assert "parking" in staff.get("/inbox").text


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"care": "nonsense", "stream": "x", "version": "1"},
        {"care": "done", "stream": "x", "version": "-1"},
        {"care": "done", "stream": "x", "version": "9" * 40},
        {"care": "done", "stream": "x\0y", "version": "1"},
        {"care": "calling", "stream": "booking-main-x", "version": "1", "phone_of": "\0"},
        {"care": "done", "stream": f"booking-east-{UID}", "version": "1"},
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(product: Product, staff: Desk, form: dict[str, str]) -> None:
    an_unclear_patient(product)
    before = product.everything()
    assert staff.post("/inbox/care", {"csrf": staff.csrf(), **form}).status_code in (303, 400)
    assert product.everything() == before


def test_an_item_that_came_up_behind_the_page_stays_open(product: Product, staff: Desk) -> None:
    an_unclear_patient(product)
    (seen,) = set(re.findall(r'name="seen" value="(\d+)"', staff.get("/inbox").text))
    a_patient_writes(product, "and bring my dog?")
    act(staff, f"{BOOKING}/confirm", seen=seen)
    page = staff.get("/inbox").text
    assert page.count("<article") == 1
    assert "and bring my dog?" in page


def test_what_one_act_tells_the_next_does_not_repeat(product: Product, staff: Desk) -> None:
    an_unclear_patient(product)
    back = act(staff, "/phone", stream=f"booking-main-{UID}", back="/inbox?kind=done&said=confirm&phone=old")
    assert (back.count("said="), back.count("phone="), "kind=done" in back) == (0, 1, True)


def test_a_long_story_is_told_in_parts(product: Product, staff: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "MOST_STEPS", 4)
    an_unclear_patient(product)
    last = staff.get(BOOKING).text
    told = [int(step) for step in re.findall(r'id="step-(\d+)"', last)]
    assert len(told) == 4
    assert f'href="?step={told[0] - 1}#story-title"' in last
    first = staff.ask("GET", BOOKING, params={"step": "1"}).text
    assert re.findall(r'id="step-(\d+)"', first) == ["1", "2", "3", "4"]
    assert 'href="?step=5#story-title"' in first


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(product: Product, staff: Desk, back: str) -> None:
    an_unclear_patient(product)
    assert act(staff, f"{BOOKING}/confirm", back=back).startswith(f"{BOOKING}?")


# -- A booking ----------------------------------------------------------------------------------------------------


def test_the_story_tells_each_fact_with_its_cause(product: Product, staff: Desk) -> None:
    an_unclear_patient(product)
    a_patient_writes(product, "YES")
    page = re.sub(r"\s+", " ", Elements(staff.get(BOOKING).text).text)
    assert "Booking requested in Cal.com, for Tue 12 May 2099 09:30 because Cal.com said so" in page
    assert "The patient said yes: “YES” because of the patient's answer, from fact" in page


def test_the_slider_shows_the_booking_as_it_was(product: Product, staff: Desk) -> None:
    an_unclear_patient(product)
    a_patient_writes(product, "YES")

    def then(step: str) -> str:
        shown = staff.ask("GET", BOOKING, params={"step": step}).text
        return re.findall(r'class="badge (\w+)"', shown[shown.index('id="then"') :])[0]

    steps = len(re.findall(r'id="step-\d+"', staff.get(BOOKING).text))
    states = [then(str(step)) for step in range(1, steps + 1)]
    assert [state for state, before in zip(states, ["", *states], strict=False) if state != before] == [
        "requested",
        "sms_sent",
        "invalid_reply",
        "confirmed",
    ]
    assert [then(step) for step in ("0", "-1", "99999", "zz", "9" * 99, "٣")] == [
        "requested",
        *["confirmed"] * 4,
        "requested",
    ]


def test_a_booking_that_does_not_exist_is_told(staff: Desk) -> None:
    for path in ("/bookings/nobody", "/bookings/%00", "/bookings/" + "x" * 3000, "/bookings/%F0%9F%92%A9"):
        response = staff.get(path)
        assert response.status_code == 404
        assert "There is no booking with this ID" in response.text


def test_to_see_the_number_one_has_to_ask_and_the_log_tells_who(product: Product, staff: Desk) -> None:
    an_unclear_patient(product)
    assert PATIENT not in staff.get(BOOKING).text
    shown = act(staff, "/phone", stream=f"booking-main-{UID}", back=BOOKING)
    assert f'href="tel:{PATIENT}"' in staff.get(shown).text
    assert "Anna looked at the phone number" in staff.get(BOOKING).text
    assert PATIENT not in staff.get(BOOKING + "?phone=forged").text


@pytest.mark.parametrize("stream", ["", "booking-east-u1", "booking-main-nobody", "conversation-main-\0", "x"])
def test_a_number_of_nobody_or_of_another_clinic_is_not_shown(product: Product, staff: Desk, stream: str) -> None:
    response = staff.post("/phone", {"csrf": staff.csrf(), "stream": stream})
    assert response.status_code == 400 or "said=refused_" in response.headers["location"]
    assert product.facts() == []


def test_an_erased_patient_is_nameless_and_silent(product: Product, staff: Desk) -> None:
    an_unclear_patient(product, words="my secret ailment")
    product.sql("DELETE FROM patient_keys")
    product.sql("UPDATE bookings SET name = NULL, phone = NULL")
    page = staff.get(BOOKING).text
    assert "Without a name" in page
    assert "my secret ailment" not in page
    assert staff.get("/inbox").status_code == 200


# -- Every page ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("markup", MARKUP)
def test_whatever_a_patient_or_cal_com_writes_shows_as_text(product: Product, staff: Desk, markup: str) -> None:
    an_unclear_patient(product, name=f"Zoë {markup}"[:60], words=markup)
    for path in ("/inbox", BOOKING):
        page = Elements(staff.get(path).text)
        assert markup in page.text
        assert [attributes.get("src") for tag, attributes in page.tags if tag == "script"] == ["/desk/static/desk.js"]
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def whatever_is_written_shows(staff: Desk, uid: str, name: str, words: str) -> None:
    product = staff.product
    phone = f"+1202555{1000 + int(uid[-4:]) % 9000}"
    product.send(cal(booked(uid=uid, attendees=[attendee(name=name, phoneNumber=phone)])))
    product.send(text(From=phone, Body=words, MessageSid=next(SIDS)))
    for path in (f"/bookings/{uid}", "/bookings"):
        page = Elements(staff.get(path).text)
        assert in_one_line(name) in in_one_line(page.text)
        assert [attributes.get("src") for tag, attributes in page.tags if tag == "script"] == ["/desk/static/desk.js"]
        assert not [one for _, attributes in page.tags for one in attributes if one.startswith("on")]
    assert in_one_line(words) in in_one_line(Elements(staff.get(f"/bookings/{uid}").text).text)


WRITTEN = st.text(alphabet="<>&\"'`/{}%=;:#!-()[]scriptonloadé😀 ", min_size=1, max_size=50).filter(str.strip)


def test_anything_shows_as_text(tmp_path: Path) -> None:
    numbers = count(1)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(WRITTEN, WRITTEN)
    def shows(name: str, words: str) -> None:
        whatever_is_written_shows(staff, f"bookingUid{next(numbers):011d}", name.strip(), words.strip())

    with new_database("sqlite", tmp_path) as url, new_product(url) as product:
        staff = Desk(product)
        staff.sign_in("Anna")
        shows()


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_every_page_speaks_every_language(product: Product, staff: Desk, language: str) -> None:
    an_unclear_patient(product)
    staff.get(f"/?lang={language}")
    for path in ("/inbox", "/inbox?kind=done", BOOKING):
        page = staff.get(path)
        assert (page.status_code, f'<html lang="{language}"' in page.text) == (200, True)
