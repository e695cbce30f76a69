"""The command line: what each command tells, and how it says that something is wrong. Never with a traceback."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapters.storage import migrations
from domain.lifecycle import mermaid
from entrypoints.cli import main
from entrypoints.desk.passwords import Password
from entrypoints.settings import Settings
from tests.adapters.calcom_payloads import attendee
from tests.databases import empty_database, kind_of, meddle, server, tables
from tests.entrypoints.conftest import ENVIRONMENT, PATIENT, UID, booked, cal, new_product, text

pytestmark = pytest.mark.usefixtures("logging_as_before")

LATER = "2098-01-01T00:00:00Z"  # after every deadline, before the appointment
SERVING = (["serve", "--port", "0"], ["web", "--port", "0"], ["worker"], ["reconcile"])
ASKING = (["bookings"], ["audit", UID], ["expire"])
REFUSED = "postgresql://clinic:hunter2@127.0.0.1:1/replyes"


def each(*commands: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("arguments", commands, ids=" ".join)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an environment without settings but the key."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENCRYPTION_KEY", ENVIRONMENT["ENCRYPTION_KEY"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting that a service needs."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def unmigrated(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """DATABASE_URL is that of a server's database without tables."""
    with empty_database("postgresql", home) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        yield url


@pytest.fixture
def clinic(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A clinic's morning: one patient has said YES, one has been asked, one has left no phone. DATABASE_URL is its
    database's."""
    with new_product(database) as product:
        product.send(cal(booked()))
        product.deliver()
        product.send(text())
        product.send(cal(booked(uid="asked", attendees=[attendee(phoneNumber="+12025550144", name="Ann")])))
        product.deliver()
        product.send(cal(booked(uid="silent", attendees=[attendee()])))
    monkeypatch.setenv("DATABASE_URL", database)
    return database


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    """The command, in process. What nobody catches is raised here."""
    result = CliRunner().invoke(main, arguments, input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(*arguments: str, stdin: bytes | None = None) -> str:
    """What a command says that succeeds."""
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 0
    assert all("replyes.staff" in line for line in result.stderr.splitlines())
    return result.stdout


def document(*arguments: str) -> Any:
    """The one JSON document that a command prints."""
    return json.loads(told(*arguments, "--json"))


def faults(*arguments: str) -> list[str]:
    """The lines with which a command fails; each begins with the program's name, and stdout stays empty."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert all(line.startswith("replyes: ") for line in result.stderr.splitlines())
    return [line.removeprefix("replyes: ") for line in result.stderr.splitlines()]


# -- Exit codes -----------------------------------------------------------------------------------------------


@each(["--help"], ["-h"], ["--version"], ["serve", "--help"], ["web", "-h"], ["worker", "-h"], ["reconcile", "-h"])
def test_what_is_asked_rightly_succeeds(arguments: list[str]) -> None:
    assert told(*arguments)


def test_help_lists_what_a_service_is_made_of() -> None:
    listed = [line.split()[0] for line in told("--help").splitlines() if line.startswith("  ")]
    assert {"serve", "web", "worker", "migrate", "expire", "reconcile", "bookings", "audit"} <= set(listed)


@each(
    [],
    ["nonsense"],
    ["bookings", "nonsense"],
    ["bookings", "--state", "nonsense"],
    ["audit"],
    ["audit", "one", "two"],
    ["audit", UID, "--at", "yesterday"],
    ["expire", "--now", ""],
    ["expire", "--now", "2026-13-01"],
    ["serve", "--port", "99999"],
    ["serve", "--port", "http"],
    ["web", "--sandbox"],
    ["web", "--port", "-1"],
    ["worker", "--port", "8000"],
    ["reconcile", "everything"],
    ["interpret", "--nonsense", "YES"],
)
def test_wrong_usage_is_told_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ")


@each(*ASKING)
def test_a_database_that_is_not_there_is_told_and_not_made(arguments: list[str], home: Path) -> None:
    assert faults(*arguments) == ["there is no database replyes.db yet; `replyes serve` or `replyes migrate` makes it"]
    assert list(home.iterdir()) == []


@each(*ASKING)
def test_a_database_that_was_never_migrated_is_told_with_its_cure(arguments: list[str], home: Path) -> None:
    (home / "replyes.db").touch()
    (fault,) = faults(*arguments)
    assert fault.endswith("run: replyes migrate")


@each(*ASKING)
def test_a_servers_database_that_was_never_migrated_is_told_with_its_cure(
    arguments: list[str], unmigrated: str
) -> None:
    (fault,) = faults(*arguments)
    assert fault.endswith("run: replyes migrate")


@each(["migrate"], *ASKING, *SERVING)
def test_all_faulty_settings_are_told_a_line_each(
    arguments: list[str], configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "oracle://")
    monkeypatch.setenv("ENCRYPTION_KEY", "too-short")
    assert [fault.split()[0] for fault in faults(*arguments)] == ["ENCRYPTION_KEY", "DATABASE_URL"]


@each(["migrate"], *ASKING, *SERVING)
def test_a_server_that_does_not_answer_is_told_in_one_line_without_its_password(
    arguments: list[str], configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", REFUSED)
    (fault,) = faults(*arguments)
    assert fault.startswith("DATABASE_URL: cannot use postgresql://127.0.0.1:1/replyes (")
    assert "hunter2" not in fault


@each(["migrate"], *ASKING, *SERVING)
def test_a_database_that_its_server_does_not_have_is_told(
    arguments: list[str], configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", server().url("nowhere"))
    (fault,) = faults(*arguments)
    assert '"nowhere" does not exist' in fault


@pytest.mark.parametrize(("command", "place"), [("migrate", "."), ("bookings", ".")])
def test_a_file_that_cannot_be_opened_is_told(command: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{place}")
    (fault,) = faults(command)
    assert fault.startswith("DATABASE_URL: cannot use")


@pytest.mark.parametrize("command", ["migrate", "bookings"])
def test_a_file_that_is_no_database_is_told(command: str, home: Path) -> None:
    (home / "replyes.db").write_bytes(b"Dear diary, " * 1000)
    (fault,) = faults(command)
    assert fault.startswith("DATABASE_URL")


def test_another_encryption_key_is_told(clinic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", "another-key-of-32-characters-0123")
    (fault,) = faults("bookings")
    assert fault.startswith("ENCRYPTION_KEY: the database was sealed with another key")


@each(["migrate"], ["bookings"], *SERVING)
def test_a_database_of_a_newer_version_is_told(
    arguments: list[str], configured: None, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    meddle(database, "INSERT INTO schema_migrations VALUES ('9999_from_the_future.sql', 0)")
    (fault,) = faults(*arguments)
    assert "newer version (9999_from_the_future.sql)" in fault


# -- What a service needs before it begins --------------------------------------------------------------------


@each(*SERVING)
def test_a_service_without_settings_is_told_what_it_needs_a_line_each(arguments: list[str]) -> None:
    assert [fault.split()[0] for fault in faults(*arguments)] == ["SMS_PROVIDER", "CAL_API_KEY", "CAL_WEBHOOK_SECRET"]


@each(*SERVING)
def test_a_service_on_a_servers_database_waits_for_its_migration(
    arguments: list[str], configured: None, unmigrated: str
) -> None:
    assert faults(*arguments) == [
        f"the database lacks {len(migrations.available('postgresql'))} migrations; run: replyes migrate"
    ]
    assert set(tables(unmigrated)) <= {"schema_migrations"}


@each(*SERVING)
def test_a_service_on_a_servers_database_waits_for_the_newest_migration(
    arguments: list[str], configured: None, unmigrated: str
) -> None:
    newest = migrations.migrate(unmigrated)[-1]
    meddle(unmigrated, "DELETE FROM schema_migrations WHERE name = ?", newest)
    (fault,) = faults(*arguments)
    assert fault.endswith("run: replyes migrate")


@each(*SERVING)
def test_a_service_does_not_begin_on_the_database_of_a_sandbox(
    arguments: list[str], configured: None, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    migrations.claim(database, "sandbox")
    (fault,) = faults(*arguments)
    assert fault.endswith("belongs to a sandbox, and this is a service; name another")


def test_a_sandbox_does_not_begin_on_the_database_of_a_service(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    migrations.claim(database, "service")
    (fault,) = faults("serve", "--sandbox", "--port", "0")
    assert fault.endswith("belongs to a service, and this is a sandbox; name another")


@each(["serve", "--sandbox"], ["web"])
def test_a_port_that_is_taken_is_told(arguments: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (fault,) = faults(*arguments, "--port", str(taken.getsockname()[1]))
    assert fault.startswith("cannot listen on 127.0.0.1:")
    assert fault.endswith("choose another --port or --host")


# -- migrate --------------------------------------------------------------------------------------------------


def test_a_database_is_migrated_once(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_url)
    assert told("migrate").splitlines() == [f"applied {name}" for name in migrations.available(kind_of(empty_url))]
    assert told("migrate") == "the database is up to date\n"
    assert told("bookings") == "no bookings\n"


def test_without_a_setting_the_database_is_a_file_in_this_folder(home: Path) -> None:
    told("migrate")
    assert (home / "replyes.db").exists()


# -- bookings -------------------------------------------------------------------------------------------------


def test_bookings_are_listed_with_masked_phones(clinic: str) -> None:
    rows = document("bookings")
    assert {(row["uid"], row["state"], row["phone"]) for row in rows} == {
        (UID, "confirmed", "…43"),
        ("asked", "sms_sent", "…44"),
        ("silent", "requested", None),
    }
    assert {row["starts_at"] for row in rows} == {"2099-05-12T09:30:00Z"}


def test_bookings_are_listed_for_people_in_columns(clinic: str) -> None:
    lines = told("bookings").splitlines()
    assert f"{UID}  confirmed  …43  2099-05-12 09:30 UTC" in lines
    assert "asked                  sms_sent   …44  2099-05-12 09:30 UTC" in lines
    assert PATIENT[1:] not in told("bookings")


def test_bookings_are_listed_by_state(clinic: str) -> None:
    assert [row["uid"] for row in document("bookings", "--state", "sms_sent")] == ["asked"]
    assert document("bookings", "--state", "expired") == []
    assert told("bookings", "--state", "expired") == "no bookings\n"


# -- audit ----------------------------------------------------------------------------------------------------

STORY = [
    "requested",
    "booking_joined",
    "question_asked",
    "question_put",
    "text_sent",
    "sms_sent",
    "heard",
    "confirmed",
]


def test_the_story_of_a_booking_is_told_in_order(clinic: str) -> None:
    story = document("audit", UID)
    assert (story["uid"], story["clinic"], story["state"]) == (UID, "main", "confirmed")
    assert [event["event"] for event in story["events"]] == STORY
    assert [event["at"] for event in story["events"]] == sorted(event["at"] for event in story["events"])
    assert {"at", "event", "stream", "version"} <= set.intersection(*(set(event) for event in story["events"]))


def test_the_story_is_told_to_people_in_lines_without_a_whole_phone(clinic: str) -> None:
    lines = told("audit", UID).splitlines()
    assert lines[0] == f"{UID} (clinic main): confirmed"
    assert [event in line for event, line in zip(STORY, lines[1:], strict=True)] == [True] * len(STORY)
    assert PATIENT[1:] not in told("audit", UID) + json.dumps(document("audit", UID))


def test_the_story_stops_at_a_moment(clinic: str) -> None:
    at = document("audit", UID)["events"][0]["at"]
    story = document("audit", UID, "--at", at)
    assert (story["state"], story["events"][-1]["event"]) == ("requested", "booking_joined")
    assert document("audit", UID, "--at", LATER) == document("audit", UID)


@pytest.mark.parametrize("at", ["2001-01-01", "2001-01-01T00:00", "0001-01-01T00:00:00+23:59"])
def test_before_its_first_event_a_booking_is_unknown(clinic: str, at: str) -> None:
    story = document("audit", UID, "--at", at)
    assert (story["state"], story["events"]) == ("unknown", [])


@pytest.mark.parametrize("uid", ["nobody", "", "' OR 1=1 --", "a\x00b"])
def test_a_booking_that_does_not_exist_is_told(clinic: str, uid: str) -> None:
    (fault,) = faults("audit", uid)
    assert fault == f"there is no booking {uid}; `replyes bookings` lists them"


def test_a_uid_that_is_not_utf_8_is_told(clinic: str) -> None:
    (fault,) = faults("audit", "\udcff")
    assert "there is no booking" in fault


# -- expire ---------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_what_is_due_and_changes_nothing(clinic: str) -> None:
    before = document("bookings")
    lines = told("expire", "--now", LATER, "--dry-run").splitlines()
    assert lines[0] == "2 bookings would expire"
    assert sorted(lines[1:3]) == ["booking-main-asked", "booking-main-silent"]
    assert document("bookings") == before


def test_a_dry_run_tells_nobody_to_be_reminded_of_what_the_same_pass_would_expire(clinic: str) -> None:
    assert "0 patients would be reminded" in told("expire", "--now", LATER, "--dry-run")
    assert ", 0 to be reminded, " in told("expire", "--now", LATER)


def test_a_pass_expires_what_is_due_once(clinic: str) -> None:
    assert told("expire") == "0 expired, 0 to be reminded, 0 settled meanwhile, 0 failed\n"
    assert told("expire", "--now", LATER) == "2 expired, 0 to be reminded, 0 settled meanwhile, 0 failed\n"
    assert told("expire", "--now", LATER) == "0 expired, 0 to be reminded, 0 settled meanwhile, 0 failed\n"
    assert {row["state"] for row in document("bookings")} == {"confirmed", "expired"}


@pytest.mark.parametrize("now", ["0001-01-01", "9999-12-31T23:59:59-23:59", "2026-05-12T10:30:00+02:00"])
def test_any_moment_is_a_moment(clinic: str, now: str) -> None:
    assert told("expire", "--now", now, "--dry-run").endswith("\n")


# -- password -------------------------------------------------------------------------------------------------


def test_password_prints_what_the_desk_takes_in_its_place() -> None:
    setting = told("password", stdin=b"correct horse\n").rstrip("\n")
    assert "correct horse" not in setting
    assert Settings({"DESK_PASSWORD": setting}).desk().password == setting
    assert asyncio.run(Password(setting).is_right("correct horse"))


@pytest.mark.parametrize("stdin", [b"", b"\n", b"1234567\n", b"   1234567   \n"])
def test_password_takes_none_that_is_too_short(stdin: bytes) -> None:
    result = run("password", stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "8 characters or more" in result.stderr


# -- interpret ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text_", "meaning"),
    [
        ("yes", "YES"),
        ("No.", "NO"),
        ("CANCEL", "NO"),
        ("Stop texting me", "STOP"),
        ("START", "START"),
        ("HELP", "HELP"),
        ("yes but can we do 3pm", "UNCLEAR"),
        ("", "UNCLEAR"),
        ("\x00", "UNCLEAR"),
        ("👍", "YES"),
    ],
)
def test_a_text_is_told_with_its_meaning(text_: str, meaning: str) -> None:
    assert told("interpret", text_) == f"{meaning}\t{text_}\n"


def test_texts_are_told_a_line_each() -> None:
    assert told("interpret", "yes", "no way", "maybe") == "YES\tyes\nNO\tno way\nUNCLEAR\tmaybe\n"


def test_a_text_may_begin_with_a_hyphen() -> None:
    assert told("interpret", "--", "-yes") == "YES\t-yes\n"


@pytest.mark.parametrize(
    ("stdin", "stdout"),
    [
        (b"", ""),
        (b"yes\nno\n", "YES\tyes\nNO\tno\n"),
        (b"yes\r\nno", "YES\tyes\nNO\tno\n"),
        (b"\n", "UNCLEAR\t\n"),
        (b"\xff\nyes\n", "UNCLEAR\t\N{REPLACEMENT CHARACTER}\nYES\tyes\n"),
        (b"x" * 100_000, "UNCLEAR\t" + "x" * 100_000 + "\n"),
    ],
)
def test_without_texts_the_lines_of_stdin_are_read(stdin: bytes, stdout: str) -> None:
    assert told("interpret", stdin=stdin) == stdout


@pytest.mark.parametrize("language", ["xx", "", "../../etc/passwd", "en-GB", "klingon", "\udcff"])
def test_an_unknown_language_means_english(language: str) -> None:
    assert told("interpret", "--language", language, "yes") == "YES\tyes\n"


def test_to_interpret_needs_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "oracle://")
    assert told("interpret", "yes") == "YES\tyes\n"


def test_interpret_tells_the_rule_where_it_is_asked_for() -> None:
    assert told("interpret", "--why", "no wait yes") == "YES\tno wait yes\tthe last answer, after a correction\n"


# -- diagram --------------------------------------------------------------------------------------------------


def test_the_diagram_is_drawn_from_the_table() -> None:
    assert told("diagram") == mermaid() + "\n"


# -- The installed command ------------------------------------------------------------------------------------

SCRIPT = Path(sys.executable).with_name("replyes")


def installed(*arguments: str | bytes, stdin: bytes = b"", **environment: str) -> tuple[int, bytes, bytes]:
    """(exit code, stdout, stderr) of the console script."""
    done = subprocess.run(
        [SCRIPT, *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_the_installed_command_interprets_bytes_that_are_no_text() -> None:
    code, stdout, stderr = installed("interpret", b"\xff", "CANCEL")
    assert (code, stderr) == (0, b"")
    assert [line.split(b"\t")[0] for line in stdout.splitlines()] == [b"UNCLEAR", b"NO"]


def test_the_installed_command_tells_a_fault_without_a_traceback() -> None:
    code, stdout, stderr = installed("bookings", DATABASE_URL="oracle://", LOG_LEVEL="loud")
    assert (code, stdout) == (1, b"")
    assert stderr.count(b"replyes: ") == stderr.count(b"\n") == 2


def test_the_installed_command_shows_a_newcomer_the_sandbox() -> None:
    code, stdout, stderr = installed("serve", "--port", "0")
    first, *others = stderr.decode().splitlines()
    assert (code, stdout) == (1, b"")
    assert "replyes serve --sandbox" in first
    assert [line.split()[1] for line in others] == ["CAL_API_KEY", "CAL_WEBHOOK_SECRET"]


def test_the_installed_command_tells_wrong_usage() -> None:
    code, stdout, stderr = installed("expire", "--now", "soon")
    assert (code, stdout) == (2, b"")
    assert b"'soon' is no moment; write it like 2026-05-12T10:30:00Z" in stderr


def test_the_installed_command_works_from_nothing(empty_url: str) -> None:
    assert installed("migrate", DATABASE_URL=empty_url)[0] == 0
    assert installed("bookings", "--json", DATABASE_URL=empty_url) == (0, b"[]\n", b"")


@each(["serve", "--port", "0"], ["worker"])
def test_the_installed_command_tells_a_service_to_migrate_first(arguments: list[str], unmigrated: str) -> None:
    code, stdout, stderr = installed(*arguments, **{**ENVIRONMENT, "DATABASE_URL": unmigrated})
    assert (code, stdout) == (1, b"")
    assert stderr.endswith(b"run: replyes migrate\n")
    assert stderr.count(b"\n") == 1
