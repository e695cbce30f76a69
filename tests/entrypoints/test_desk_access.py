"""The door of the desk: who comes in, how long, and what a visitor may do."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from domain.errors import StorageAway
from entrypoints.desk.access import local_path
from entrypoints.desk.once import MOST, Links
from entrypoints.desk.passwords import hashed
from entrypoints.desk.sessions import LIFETIME
from entrypoints.desk.tries import one_of
from entrypoints.web.forms import LARGEST_FORM
from tests.databases import new_database
from tests.entrypoints.conftest import PUBLIC_URL, Product, new_product
from tests.entrypoints.desk_kit import ADDRESS, PASSWORD, PLAIN_SESSION, SESSION, Desk

HTTP_URL = "http://127.0.0.1:8000"
PAGES = ("/", "/sign-in", "/events", "/probe")


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with new_database("sqlite", tmp_path) as url, new_product(url) as product:
        yield product


@pytest.fixture
def desk(product: Product) -> Desk:
    """Nobody has signed in yet."""
    return Desk(product)


@pytest.fixture
def staff(desk: Desk) -> Desk:
    """Ana has signed in."""
    assert desk.sign_in().status_code == 303
    return desk


class Later:
    """Moves the clock that sessions and tries go by."""

    def __init__(self) -> None:
        self._time, self._moved = time.time, 0.0

    def __call__(self) -> float:
        return self._time() + self._moved

    def by(self, **span: float) -> None:
        self._moved += timedelta(**span).total_seconds()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    moved = Later()
    monkeypatch.setattr(time, "time", moved)
    return moved


# -- Closed -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_without_a_password_every_page_is_closed_and_names_what_opens_it(product: Product, path: str) -> None:
    desk = Desk(product, password="")
    for answer in (desk.get(path), desk.get(f"{path}?once=1&lang=de")):
        assert answer.status_code == 403
        assert "DESK_PASSWORD" in answer.text


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_without_a_password_nothing_signs_in(product: Product, password: str) -> None:
    desk = Desk(product, password="")
    assert desk.sign_in(password=password).status_code == 403
    assert not desk.cookies


def test_an_empty_password_is_never_right_in_the_sandbox_either(product: Product) -> None:
    assert Desk(product, password="", url=HTTP_URL, in_sandbox=True).sign_in(password="").status_code == 401


# -- Signing in -------------------------------------------------------------------------------------------------


def test_the_right_password_opens_the_desk_under_a_name(desk: Desk) -> None:
    answer = desk.sign_in(name="  Ana María  ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert desk.get("/probe").text == "Ana María"
    assert "Ana María" in desk.get("/").text


@pytest.mark.parametrize("typed", [PASSWORD, f" {PASSWORD} "])
def test_a_hash_in_the_setting_does_as_well(product: Product, typed: str) -> None:
    desk = Desk(product, password=hashed(PASSWORD))
    assert desk.sign_in(password=typed + "x").status_code == 401
    assert desk.sign_in(password=typed).status_code == 303


def test_an_umlaut_may_be_written_in_two_ways(product: Product) -> None:
    assert Desk(product, password="Schlüsselbund").sign_in(password="Schlu\u0308sselbund").status_code == 303


@pytest.mark.parametrize("password", ["", "x", PASSWORD[:-1], PASSWORD.upper()])
def test_a_wrong_password_is_told_and_opens_nothing(desk: Desk, password: str) -> None:
    answer = desk.sign_in(name="<Ana>", password=password)
    assert answer.status_code == 401
    assert "not right" in answer.text
    assert "&lt;Ana&gt;" in answer.text
    assert not desk.cookies


def test_the_hash_itself_is_no_password(product: Product) -> None:
    setting = hashed(PASSWORD)
    assert Desk(product, password=setting).sign_in(password=setting).status_code == 401


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "Ana\nBea", "\u202eana"])
def test_a_name_that_cannot_stand_in_the_record_is_refused(desk: Desk, name: str) -> None:
    answer = desk.sign_in(name=name)
    assert answer.status_code == 422
    assert not desk.cookies


def test_who_signs_in_is_logged_and_what_was_typed_wrong_is_not(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "replyes.desk"):
        desk.sign_in(name="Mallory", password="a-guess")
        desk.sign_in()
    assert ADDRESS in caplog.text
    assert "Ana has signed in" in caplog.text
    assert not [secret for secret in ("Mallory", "a-guess", PASSWORD) if secret in caplog.text]


# -- The cookie -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name", "is_secure"), [(PUBLIC_URL, SESSION, True), (HTTP_URL, PLAIN_SESSION, False)], ids=["https", "http"]
)
def test_the_cookie_is_for_this_site_and_for_no_script(
    product: Product, url: str, name: str, *, is_secure: bool
) -> None:
    desk = Desk(product, url=url)
    cookie = SimpleCookie(desk.sign_in().headers["set-cookie"])[name]
    assert (bool(cookie["secure"]), bool(cookie["httponly"])) == (is_secure, True)
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("lax", "/", "")
    assert int(cookie["max-age"]) == LIFETIME.total_seconds()
    assert desk.get("/").status_code == 200


def is_let_in(desk: Desk, cookie: str) -> bool:
    """Whether the desk takes this value for a session."""
    desk.cookies.clear()
    return desk.get("/probe", cookie=f"{SESSION}={cookie}").status_code == 200


def test_a_cookie_that_somebody_has_changed_is_none(staff: Desk) -> None:
    good = staff.cookies[SESSION]
    parts = good.split(".")
    changed = [parts[0][::-1], good[:-2], good + "A", "", "x", ".".join([parts[0] + "A", *parts[1:]])]
    assert is_let_in(staff, good)
    assert not [cookie for cookie in changed if is_let_in(staff, cookie)]


def test_a_session_ends_after_its_time(staff: Desk, later: Later) -> None:
    cookie = staff.cookies[SESSION]
    later.by(hours=11, minutes=59)
    assert is_let_in(staff, cookie)
    later.by(minutes=2)
    assert not is_let_in(staff, cookie)


def test_all_replicas_take_a_session(product: Product, staff: Desk) -> None:
    assert is_let_in(Desk(product), staff.cookies[SESSION])


def test_a_new_password_ends_all_sessions(product: Product, staff: Desk) -> None:
    assert not is_let_in(Desk(product, password="another password"), staff.cookies[SESSION])


def test_signing_out_takes_the_cookie_away(staff: Desk) -> None:
    answer = staff.post("/sign-out", {"csrf": staff.csrf()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert not staff.cookies
    assert staff.get("/").status_code == 303


# -- Who may see and do -----------------------------------------------------------------------------------------


def test_a_stranger_is_led_to_the_door_and_back_to_where_he_wanted(desk: Desk) -> None:
    answer = desk.get("/probe?q=a%20b&page=2")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=/probe")
    form = desk.get(answer.headers["location"]).text
    assert 'name="next" value="/probe?q=a%20b&amp;page=2"' in form
    assert desk.sign_in(next="/probe?q=a%20b&page=2").headers["location"] == "/probe?q=a%20b&page=2"


def test_a_stranger_does_nothing(desk: Desk) -> None:
    assert desk.post("/probe", {"csrf": ""}).status_code == 403
    assert desk.post("/sign-out").status_code == 403
    assert not desk.probe.done


def test_a_form_of_ours_is_done_under_the_name_of_who_sent_it(staff: Desk) -> None:
    assert staff.post("/probe", {"csrf": staff.csrf(), "a": "1", "b": ""}).status_code == 200
    assert staff.probe.done == [("Ana", {"a": "1", "b": ""})]


@pytest.mark.parametrize("csrf", [None, "", "0" * 64, "ü"])
def test_a_form_without_its_token_does_nothing(staff: Desk, csrf: str | None) -> None:
    answer = staff.post("/probe", {"a": "1"} if csrf is None else {"csrf": csrf})
    assert answer.status_code == 403
    assert not staff.probe.done


def test_a_token_of_another_session_does_nothing(product: Product, staff: Desk) -> None:
    other = Desk(product)
    other.sign_in("Bea")
    assert staff.post("/probe", {"csrf": other.csrf()}).status_code == 403
    assert not staff.probe.done


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{PUBLIC_URL}.evil.example", f"{PUBLIC_URL}:444"])
def test_a_form_on_another_site_does_nothing(staff: Desk, origin: str) -> None:
    csrf = staff.csrf()
    assert staff.post("/probe", {"csrf": csrf}, origin=origin).status_code == 403
    assert staff.post("/sign-in", {"name": "Eve", "password": PASSWORD}, origin=origin).status_code == 403
    assert not staff.probe.done
    assert staff.post("/probe", {"csrf": csrf}, origin=PUBLIC_URL).status_code == 200


def test_a_form_has_a_limit(staff: Desk) -> None:
    csrf = staff.csrf()
    room = LARGEST_FORM - len(f"csrf={csrf}&a=")
    assert staff.post("/probe", {"csrf": csrf, "a": "x" * room}).status_code == 200
    assert staff.post("/probe", {"csrf": csrf, "a": "x" * (room + 1)}).status_code == 413
    assert len(staff.probe.done) == 1


# -- Tries ------------------------------------------------------------------------------------------------------


def test_who_is_wrong_five_times_waits_even_with_the_right_password(desk: Desk, later: Later) -> None:
    assert {desk.sign_in(password="x").status_code for _ in range(5)} == {401}
    answer = desk.sign_in()
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "wait" in answer.text
    later.by(minutes=1, seconds=1)
    assert desk.sign_in().status_code == 303


def test_another_address_does_not_wait(desk: Desk) -> None:
    for _ in range(5):
        desk.sign_in(password="x")
    desk.address = "203.0.113.8"
    assert desk.sign_in().status_code == 303


def test_right_passwords_are_not_counted(desk: Desk) -> None:
    assert {desk.sign_in().status_code for _ in range(12)} == {303}


def test_a_hundred_wrong_ones_from_everywhere_make_everybody_wait(desk: Desk, later: Later) -> None:
    for address in range(100):
        desk.address = f"198.51.100.{address}"
        assert desk.sign_in(password="x").status_code == 401
    desk.address = ADDRESS
    answer = desk.sign_in()
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 60
    later.by(hours=1, seconds=1)
    assert desk.sign_in().status_code == 303


# -- Where to go on ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/inbox", "/bookings?q=a%20b&page=2", "/bookings/uid#note"])
def test_a_path_of_ours_is_gone_to(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "inbox",
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " /inbox",
        "/inbox//evil",
        "/inbox\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
    ],
)
def test_whatever_may_lead_elsewhere_leads_to_the_start(desk: Desk, path: str) -> None:
    assert local_path(path) == "/"
    assert desk.sign_in(next=path).headers["location"] == "/"


# -- Links of the sandbox ---------------------------------------------------------------------------------------


@pytest.fixture
def sandbox(product: Product) -> Desk:
    return Desk(product, password="", url=HTTP_URL, in_sandbox=True)


def test_a_link_signs_in_once(sandbox: Desk) -> None:
    link = sandbox.desk.one_time_link()
    answer = sandbox.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert sandbox.get("/probe").text == "sandbox"
    sandbox.cookies.clear()
    assert sandbox.get(link).status_code == 403
    assert not sandbox.cookies


def test_a_look_at_a_link_does_not_use_it_up(sandbox: Desk) -> None:
    link = sandbox.desk.one_time_link()
    assert sandbox.ask("HEAD", link).status_code == 200
    assert sandbox.get(link).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "None"])
def test_a_made_up_link_signs_nobody_in(sandbox: Desk, token: str) -> None:
    assert sandbox.get(f"/sign-in?once={token}").status_code == 403


def test_a_link_is_good_for_ten_minutes() -> None:
    now = datetime(2026, 5, 12, tzinfo=UTC)
    links = Links(lambda: now)
    tokens = [links.make().partition("=")[2] for _ in range(2)]
    now += timedelta(minutes=9, seconds=59)
    assert links.take(tokens[0])
    now += timedelta(seconds=1)
    assert not links.take(tokens[1])


def test_links_that_nobody_opens_do_not_fill_the_memory() -> None:
    links = Links(lambda: datetime(2026, 5, 12, tzinfo=UTC))
    first, *_, last = (links.make().partition("=")[2] for _ in range(MOST + 1))
    assert (links.take(first), links.take(last)) == (False, True)


def test_a_real_desk_makes_no_links(desk: Desk) -> None:
    with pytest.raises(RuntimeError):
        desk.desk.one_time_link()
    assert desk.get("/sign-in?once=x").status_code == 200


def test_the_sandboxs_start_shows_the_desk_to_who_has_signed_in_and_the_sandbox_to_others(sandbox: Desk) -> None:
    assert sandbox.get("/").headers["location"] == "/sandbox"
    assert sandbox.get("/", **{"sec-fetch-dest": "iframe"}).headers["location"] == "/sign-in?next=/"
    sandbox.get(sandbox.desk.one_time_link())
    assert "Today" in sandbox.get("/").text


# -- Headers ----------------------------------------------------------------------------------------------------


def answers_of(desk: Desk) -> list[tuple[int, dict[str, str]]]:
    """One answer of each kind: pages, redirects, and whatever can go wrong."""
    answers = [desk.get(path) for path in ("/sign-in", "/", "/events", "/sign-in?lang=de")]
    answers += [desk.post("/sign-in"), desk.sign_in(password="x"), desk.post("/probe"), desk.sign_in(), desk.get("/")]
    answers += [desk.post("/probe", {"a": "x" * LARGEST_FORM}), desk.post("/probe", origin="https://evil.example")]
    for desk.probe.failing in (StorageAway("gone"), ValueError("a fault of ours")):
        answers.append(desk.get("/probe"))
    return [(answer.status_code, dict(answer.headers)) for answer in answers]


@pytest.mark.parametrize(("url", "in_sandbox"), [(PUBLIC_URL, False), (HTTP_URL, True)], ids=["service", "sandbox"])
def test_every_answer_tells_the_browser_what_it_may_not_do(product: Product, url: str, *, in_sandbox: bool) -> None:
    answers = answers_of(Desk(product, url=url, in_sandbox=in_sandbox))
    assert {status for status, _ in answers} == {200, 303, 401, 403, 413, 422, 500, 503}
    for _, headers in answers:
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert ("frame-ancestors 'self'" if in_sandbox else "frame-ancestors 'none'") in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert ("strict-transport-security" in headers) == url.startswith("https")


def test_a_fault_of_ours_is_logged_and_told_in_a_sentence(staff: Desk, caplog: pytest.LogCaptureFixture) -> None:
    staff.probe.failing = ValueError("hunter2")
    answer = staff.get("/probe")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "hunter2" in caplog.text


@pytest.mark.parametrize(
    "path", ["/desk/static/desk.css", "/desk/static/desk.js", "/static/theme.css", "/static/live.js"]
)
def test_its_files_are_served_and_asked_for_again(desk: Desk, path: str) -> None:
    answer = desk.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert desk.get(path, **{"if-none-match": answer.headers["etag"]}).status_code == 304


def test_what_leads_nowhere_is_told_in_json(staff: Desk) -> None:
    assert staff.get("/nothing").json() == {"error": "there is nothing here"}


def test_a_password_of_many_accents_is_wrong_at_once(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """To bring them into one spelling would take seconds, in which nobody else is answered."""
    monkeypatch.setattr("entrypoints.desk.passwords._one_spelling", lambda typed: typed if len(typed) < 1001 else 1 / 0)
    assert Desk(product).post("/sign-in", {"name": "Ana", "password": "x" + "\u0301" * 9000}).status_code == 401


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("testclient", "testclient", True),
    ],
)
def test_a_network_of_ipv6_counts_as_one_client(one: str, other: str, alike: bool) -> None:
    assert (one_of(one) == one_of(other)) is alike


@pytest.mark.parametrize("url", ["https://Replyes.example.org:443", "HTTPS://someone@replyes.example.org"])
def test_an_address_written_otherwise_is_the_same_address(product: Product, url: str) -> None:
    desk = Desk(product, url=url)
    form = {"name": "Ana", "password": PASSWORD}
    assert desk.post("/sign-in", form, origin="https://replyes.example.org").status_code == 303
