"""`replyes doctor`: every part is asked, each fault is told with its cure, and nothing is changed unasked."""

import asyncio
import socket
import sqlite3
import ssl
import stat
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from adapters.storage import checking as storage
from domain.checks import Finding, Verdict, good
from entrypoints.doctor import examine, parts, public_url, put_right, setup
from entrypoints.doctor.asking import clock
from entrypoints.doctor.parts import Part, looked_at
from tests.databases import meddle
from tests.entrypoints.conftest import ENVIRONMENT, SECRETS, Product
from tests.entrypoints.doctor_kit import (
    BOOKINGS,
    NUMBERS,
    TWILIO,
    Surroundings,
    a_file,
    a_service,
    answers,
    environment,
    examined,
    hook,
    number,
    of,
    page,
    report,
    the_fault,
)


@pytest.fixture
def outside() -> Surroundings:
    return Surroundings()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return a_service(tmp_path)


def test_an_installation_that_is_set_up_well_has_nothing_to_look_at(outside: Surroundings, database: str) -> None:
    found = examined(outside, environment(database))
    assert {one.verdict for one in found.findings} == {Verdict.GOOD}, report(found)
    names = list(dict.fromkeys(one.part for one in found.findings))
    assert names == ["settings", "database", "migrations", "clock", "Cal.com", "Twilio", "public URL"]


def test_looking_changes_nothing_outside_and_nothing_here(outside: Surroundings, url: str, tmp_path: Path) -> None:
    outside.hooks = []
    before = (tmp_path / "replyes.db").read_bytes()
    examined(outside, environment(url))
    assert outside.writes() == []
    assert (tmp_path / "replyes.db").read_bytes() == before


def test_a_real_service_takes_what_its_own_secret_signs(outside: Surroundings, product: Product) -> None:
    """The door is the product's own web application."""
    web = httpx.ASGITransport(product.web)

    async def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host != "replyes.example.org":
            return outside(request)
        return await web.handle_async_request(request)

    facts = product.facts()
    found = product.runner.run(examine(environment(product.url), httpx.MockTransport(handle)))
    assert of(found, Verdict.FAULT) == [], report(found)
    assert "/api/webhooks/cal takes what CAL_WEBHOOK_SECRET signs" in report(found)
    assert product.facts() == facts == []


# -- The settings ---------------------------------------------------------------------------------------------


def test_who_has_set_nothing_yet_is_told_of_the_sandbox_in_one_finding(outside: Surroundings) -> None:
    found = examined(outside, {"PATH": "/usr/bin"})
    assert len(found.findings) == 1
    assert "serve --sandbox" in the_fault(found).cure
    assert outside.calls == []


def test_all_faults_of_the_settings_are_told_and_what_can_be_is_looked_at(outside: Surroundings, url: str) -> None:
    environ = environment(url, TWILIO_AUTH_TOKEN="", QUIET_HOURS="always", CLINIC_PHONE="12")
    found = examined(outside, environ)
    told = {one.told.split()[0]: one.cure for one in of(found, Verdict.FAULT)}
    assert set(told) == {"TWILIO_AUTH_TOKEN", "QUIET_HOURS", "CLINIC_PHONE"}
    assert all(told.values())
    assert "the key works" in report(found)
    assert [one.part for one in found.findings if "not checked" in one.told] == ["Twilio"]


# -- The database ---------------------------------------------------------------------------------------------


def test_a_database_that_is_not_there_yet_is_not_made(outside: Surroundings, tmp_path: Path) -> None:
    found = examined(outside, environment(a_file(tmp_path)))
    assert [one.part for one in of(found, Verdict.UNSURE)] == ["database"]
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_another_program_stays_as_it_was(outside: Surroundings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "replyes.db")) as other:
        other.execute("CREATE TABLE letters (words text)")
    (tmp_path / "replyes.db").chmod(0o600)
    examined(outside, environment(a_file(tmp_path)))
    with closing(sqlite3.connect(tmp_path / "replyes.db")) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("letters",)]


def test_a_database_that_another_process_holds_does_not_hold_up_the_report(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "replyes.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = asyncio.run(looked_at(Part("database", storage.check(url, "", clock)), 0.05))
    assert [one.verdict for one in found] == [Verdict.UNSURE]


def test_a_disk_that_is_nearly_full_is_a_fault(
    outside: Surroundings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "LEAST_FREE", 10**18)
    assert "make room" in the_fault(examined(outside, environment(url))).cure


def test_a_database_that_everybody_can_read_is_a_fault(outside: Surroundings, url: str, tmp_path: Path) -> None:
    (tmp_path / "replyes.db").chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH)
    assert "chmod 600" in the_fault(examined(outside, environment(url))).cure


def test_a_file_that_is_no_database_is_a_fault(outside: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "replyes.db").write_text("a letter to the patients " * 100)
    (tmp_path / "replyes.db").chmod(0o600)
    assert the_fault(examined(outside, environment(a_file(tmp_path)))).part == "database"


def test_a_server_that_is_not_there_is_a_fault_without_its_password(outside: Surroundings) -> None:
    found = examined(outside, environment("postgresql://clinic:hunter22@127.0.0.1:1/replyes"))
    assert the_fault(found).part == "database"
    assert "hunter22" not in report(found)


def test_migrations_that_are_due_are_told(outside: Surroundings, empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        file = Path(empty_url.removeprefix("sqlite:///"))
        file.touch(mode=0o600)
        assert "are due" in of(examined(outside, environment(empty_url)), Verdict.UNSURE)[0].told
    else:
        assert the_fault(examined(outside, environment(empty_url))).cure == "run: replyes migrate"


def test_a_database_of_the_sandbox_is_a_fault(outside: Surroundings, url: str) -> None:
    meddle(url, "UPDATE installation SET value = 'sandbox' WHERE name = 'kind'")
    assert "belongs to a sandbox" in the_fault(examined(outside, environment(url))).told


def test_another_encryption_key_is_a_fault(outside: Surroundings, product: Product) -> None:
    found = examined(outside, environment(product.url, ENCRYPTION_KEY="another-key-of-nobody"))
    assert the_fault(found).cure == "set the one used before"


# -- The clock ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "faults"), [(-30, 0), (30, 0), (-75, 1), (75, 1)])
def test_a_clock_that_is_more_than_a_minute_off_is_a_fault(
    outside: Surroundings, url: str, seconds: int, faults: int
) -> None:
    outside.date = formatdate(time.time() + seconds, usegmt=True)
    wrong = of(examined(outside, environment(url)), Verdict.FAULT)
    assert [(one.part, "timedatectl" in one.cure) for one in wrong] == [("clock", True)] * faults


def test_clocks_that_differ_from_each_other_are_told_one_by_one() -> None:
    told = parts.clock_findings({"api.cal.com": 0.4, "phone": -400.0, "api.twilio.com": 90.0})
    assert [one.told for one in told] == ["phone is 0:06:40 behind", "api.twilio.com is 0:01:30 ahead"]


def test_a_date_that_is_none_is_not_believed(outside: Surroundings, url: str) -> None:
    outside.date = "yesterday"
    assert "nobody has told the time" in report(examined(outside, environment(url)))


# -- The public URL -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8000", "http://192.168.1.5", "https://localhost", "http://server", "https://[::1]:8000"],
)
def test_an_address_of_this_network_is_a_fault_for_those_who_come_from_the_internet(
    outside: Surroundings, url: str, address: str
) -> None:
    wrong = of(examined(outside, environment(url, PUBLIC_URL=address)), Verdict.FAULT)
    assert f"api.cal.com and api.twilio.com cannot reach {address}" in [one.told for one in wrong]


def test_nothing_is_registered_for_an_address_that_cal_com_cannot_reach(outside: Surroundings, url: str) -> None:
    outside.hooks = []
    assert examined(outside, environment(url, PUBLIC_URL="http://127.0.0.1:8000")).repairs == {}


def test_an_address_without_https_is_a_fault(outside: Surroundings, url: str) -> None:
    plain = "http://replyes.example.org"
    outside.hooks, outside.numbers["incoming_phone_numbers"] = [hook(plain)], [number(plain)]
    assert "is not HTTPS" in the_fault(examined(outside, environment(url, PUBLIC_URL=plain))).told


def test_a_service_that_does_not_run_is_worth_a_look_with_the_command_that_starts_it(
    outside: Surroundings, url: str
) -> None:
    outside.down = {"replyes.example.org"}
    [finding] = of(examined(outside, environment(url)), Verdict.UNSURE)
    assert "does not answer at https://replyes.example.org" in finding.told
    assert "replyes serve" in finding.cure


def test_a_proxy_without_a_service_behind_it_is_worth_a_look(outside: Surroundings, url: str) -> None:
    outside.paths["/healthz"] = answers({}, 502)
    [finding] = of(examined(outside, environment(url)), Verdict.UNSURE)
    assert "HTTP 502" in finding.told


@pytest.mark.parametrize(
    ("cause", "told"),
    [(ssl.SSLError("self-signed"), "the certificate of"), (socket.gaierror(-2, "unknown"), "nobody knows the name")],
)
def test_a_name_or_a_certificate_that_is_wrong_is_a_fault(
    outside: Surroundings, url: str, cause: Exception, told: str
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no way") from cause

    outside.paths["/healthz"] = fail
    assert told in the_fault(examined(outside, environment(url))).told


def test_a_stranger_at_our_address_is_a_fault(outside: Surroundings, url: str) -> None:
    outside.paths["/healthz"] = page
    assert "is not Replyes" in the_fault(examined(outside, environment(url))).told


def test_a_service_with_other_secrets_at_our_address_is_a_fault(outside: Surroundings, url: str) -> None:
    outside.paths[BOOKINGS] = answers({"status": "refused"}, 401)
    assert "another CAL_WEBHOOK_SECRET" in the_fault(examined(outside, environment(url))).told


@pytest.mark.parametrize(
    ("address", "is_local"),
    [
        ("https://replyes.example.org", False),
        ("https://203.0.114.7", False),
        ("http://10.0.0.3:8000", True),
        ("http://replyes.local", True),
        ("http://replyes", True),
        ("http://[fd00::1]", True),
    ],
)
def test_what_only_this_network_reaches(address: str, is_local: bool) -> None:
    assert public_url.is_local(address) == is_local


# -- What goes wrong outside ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("host", "part"), [("api.cal.com", "Cal.com"), ("api.twilio.com", "Twilio")])
def test_a_host_that_is_down_is_one_fault_and_holds_up_nobody(
    outside: Surroundings, url: str, host: str, part: str
) -> None:
    outside.down = {host}
    assert the_fault(examined(outside, environment(url))).part == part


@pytest.mark.parametrize("path", ["/v2/me", f"{TWILIO}.json", NUMBERS, "/v2/webhooks"])
def test_a_page_in_the_place_of_json_is_one_fault(outside: Surroundings, url: str, path: str) -> None:
    outside.paths[path] = page
    assert "what answers is not" in the_fault(examined(outside, environment(url))).told


@pytest.mark.parametrize("document", [None, [], {}, {"data": 3}, {"data": [3, None, {"id": []}]}, "text"])
@pytest.mark.parametrize(
    "path", ["/v2/me", "/v2/event-types", "/v2/webhooks", f"{TWILIO}.json", NUMBERS, "/v1/Services"]
)
def test_no_document_breaks_a_check_off(outside: Surroundings, url: str, path: str, document: object) -> None:
    outside.paths[path] = answers(document)
    assert "broke off" not in report(examined(outside, environment(url)))


async def _found_then(error: BaseException | None) -> AsyncIterator[Finding]:
    yield good("so far")
    if error:
        raise error
    await asyncio.Event().wait()


def test_a_part_that_takes_too_long_keeps_what_it_has_told() -> None:
    found = asyncio.run(looked_at(Part("slow", _found_then(None)), 0.02))
    assert [(one.verdict, one.part) for one in found] == [("good", "slow"), ("unsure", "slow")]


def test_a_check_that_breaks_off_is_a_fault_of_its_part() -> None:
    found = asyncio.run(looked_at(Part("odd", _found_then(RuntimeError("secret")))))
    assert [one.verdict for one in found] == ["good", "fault"]
    assert "secret" not in found[1].told


def test_nothing_secret_and_no_whole_phone_number_is_told(outside: Surroundings, url: str) -> None:
    echo = " ".join([*SECRETS, ENVIRONMENT["TWILIO_FROM"], "\x1b[2J\nnext"])
    outside.paths["/v2/me"] = answers({"data": {"name": echo}})
    outside.paths[f"{TWILIO}.json"] = answers({"message": echo}, 403)
    told = report(examined(outside, environment(url)))
    assert "Cal.com" in told
    assert [secret for secret in SECRETS if secret in told] == []
    assert "\x1b" not in told


# -- Several clinics ------------------------------------------------------------------------------------------


def test_with_several_clinics_each_part_names_its_clinic(outside: Surroundings, url: str) -> None:
    one = setup.read(environment(url))
    clinic, service = one.clinics["main"], one.services["main"]
    two = setup.Setup(
        (),
        (),
        one.store,
        one.public_url,
        dict.fromkeys(("north", "south"), service),
        dict.fromkeys(("north", "south"), clinic),
    )
    names = [part.name for part in parts.parts(two, None)]  # type: ignore[arg-type]
    assert names == [
        *("database", "north: Cal.com", "north: Twilio", "south: Cal.com", "south: Twilio", "public URL"),
    ]
    assert two.wanted("north").bookings == ("https://replyes.example.org/api/webhooks/cal/north",)
    assert two.wanted("north").texts[1] == "https://replyes.example.org/api/webhooks/sms"


def test_a_fault_of_one_clinic_keeps_nobody_from_looking_at_the_other(url: str) -> None:
    one = setup.read(environment(url))
    two = replace(one, faults=["[north] CAL_API_KEY is not set; set it"])
    assert not two.is_readable("CAL_API_", clinic="north")
    assert two.is_readable("CAL_API_", clinic="south")


# -- Registering ----------------------------------------------------------------------------------------------


def _right(outside: Surroundings, url: str, times: int = 1) -> list[Finding]:
    async def together() -> list[Finding]:
        transport = httpx.MockTransport(outside)
        return await asyncio.gather(*(put_right(environment(url), "main", transport) for _ in range(times)))

    return asyncio.run(together())


def test_a_missing_webhook_is_registered_once_however_often_it_is_asked_for(outside: Surroundings, url: str) -> None:
    outside.hooks = []
    assert "register a webhook" in examined(outside, environment(url)).repairs["main"]
    first, again = _right(outside, url), _right(outside, url)
    assert (first[0].verdict, again[0].told) == ("good", "nothing to register: the webhook is there")
    assert outside.writes() == [("POST", "/v2/webhooks")]
    assert of(examined(outside, environment(url)), Verdict.FAULT) == []


def test_two_who_register_at_once_make_one_webhook(outside: Surroundings, url: str) -> None:
    outside.hooks = []
    assert {one.verdict for one in _right(outside, url, times=2)} == {"good"}
    assert len(outside.hooks) == 1


def test_a_webhook_that_somebody_registers_in_between_is_no_fault(outside: Surroundings, url: str) -> None:
    outside.paths["/v2/webhooks"] = lambda request: httpx.Response(
        409 if request.method == "POST" else 200, json={"data": []}
    )
    assert _right(outside, url)[0].verdict == "good"


def test_a_second_webhook_that_is_wrong_is_left_to_a_person(outside: Surroundings, url: str) -> None:
    outside.hooks.append(hook(id="2", active=False))
    assert _right(outside, url)[0].told == "nothing to register: the webhook is there"
    assert outside.writes() == []


def test_a_wrong_webhook_is_mended_once_and_keeps_its_other_triggers(outside: Surroundings, url: str) -> None:
    outside.hooks = [hook(active=False, triggers=["MEETING_ENDED"], payloadTemplate="{{title}}", secret=None)]
    assert "mend the webhook" in examined(outside, environment(url)).repairs["main"]
    _right(outside, url)
    _right(outside, url)
    assert outside.writes() == [("PATCH", "/v2/webhooks/9f0e")]
    assert "MEETING_ENDED" in outside.hooks[0]["triggers"]  # type: ignore[operator]
    assert of(examined(outside, environment(url)), Verdict.FAULT) == []


def test_what_cal_com_does_not_let_be_registered_is_a_fault(outside: Surroundings, url: str) -> None:
    outside.hooks, usual = [], outside.paths["/v2/webhooks"]
    outside.paths["/v2/webhooks"] = lambda request: (
        usual(request) if request.method == "GET" else httpx.Response(403, json={"message": "no"})
    )
    assert _right(outside, url)[0].verdict == "fault"
