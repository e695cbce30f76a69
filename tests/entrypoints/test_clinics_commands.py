"""The command line where there are several clinics: each line says whose it is."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from entrypoints import plan as planning
from entrypoints.cli import main
from tests.entrypoints.clinics_kit import FILE, SOUTHS_SECRET, two_clinics
from tests.entrypoints.conftest import CAL, ENVIRONMENT, UID, booked, cal, new_product

pytestmark = pytest.mark.usefixtures("logging_as_before")

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def clinics(named_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """One booking under the same uid at both clinics, and one more at the south. The settings name both."""
    with two_clinics(named_database, tmp_path) as product:
        product.send(
            cal(booked(), f"{CAL}/north"),
            cal(booked(), f"{CAL}/south", secret=SOUTHS_SECRET),
            cal(booked(uid="more"), f"{CAL}/south", secret=SOUTHS_SECRET),
        )
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CLINICS_FILE", "clinics.toml")
    for name in ("CAL_API_URL", "TWILIO_API_URL"):
        monkeypatch.setenv(name, NOWHERE)
    return named_database


def only_the_north(tmp_path: Path) -> None:
    (tmp_path / "clinics.toml").write_text(FILE.partition("[south]")[0])


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def lines(*arguments: str) -> list[list[str]]:
    """What a command tells, in words."""
    return [line.split() for line in run(*arguments).stdout.splitlines()]


def test_bookings_are_listed_with_their_clinic() -> None:
    assert sorted(line[:3] for line in lines("bookings")) == [
        [UID, "north", "requested"],
        [UID, "south", "requested"],
        ["more", "south", "requested"],
    ]
    assert {row["clinic"] for row in json.loads(run("bookings", "--json").stdout)} == {"north", "south"}


def test_bookings_are_listed_by_clinic() -> None:
    assert [line[0] for line in lines("bookings", "--clinic", "north")] == [UID]
    assert {line[0] for line in lines("bookings", "--clinic", "south")} == {UID, "more"}


def test_where_there_is_one_clinic_it_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLINICS_FILE")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/one.db")
    with new_product(f"sqlite:///{tmp_path}/one.db") as product:
        product.send(cal(booked()))
    assert [line[:2] for line in lines("bookings")] == [[UID, "requested"]]
    assert lines("outbox")[0][:3] == ["ID", "KIND", "STATUS"]


@pytest.mark.parametrize("command", ["bookings", "preview"])
def test_a_clinic_that_there_is_not_is_wrong_usage(command: str) -> None:
    result = run(command, "--clinic", "west")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no clinic west; choose one of north, south" in result.stderr


def test_bookings_of_a_clinic_that_has_gone_are_still_listed(tmp_path: Path) -> None:
    only_the_north(tmp_path)
    assert {line[0] for line in lines("bookings", "--clinic", "south")} == {UID, "more"}
    assert len(lines("bookings")) == 3


def test_audit_tells_the_story_of_each_clinic() -> None:
    assert [line for line in run("audit", UID).stdout.splitlines() if line.startswith(UID)] == [
        f"{UID} (clinic north): requested",
        f"{UID} (clinic south): requested",
    ]


def test_errands_are_listed_with_their_clinic() -> None:
    head, *rows = lines("outbox")
    assert head[:3] == ["ID", "CLINIC", "KIND"]
    assert sorted({row[1] for row in rows}) == ["north", "south"]


def test_an_errand_of_a_clinic_that_has_gone_is_seen_but_not_handled(tmp_path: Path) -> None:
    only_the_north(tmp_path)
    errand = next(row[0] for row in lines("outbox") if row[1] == "south")
    result = run("outbox", "retry", errand)
    assert result.exit_code == 1
    assert "belongs to clinic south, which the settings do not know" in result.stderr
    assert run("outbox", "show", errand).exit_code == 0


def test_preview_shows_the_texts_of_each_clinic() -> None:
    told = run("preview", "--language", "en").stdout
    assert told.index("north: North Clinic") < told.index("south: South Clinic")
    assert "South Clinic" not in run("preview", "--clinic", "north").stdout


def test_reconcile_tells_a_line_for_each_clinic() -> None:
    result = run("reconcile")
    assert result.exit_code == 1
    assert [line.split(",")[0] for line in result.stdout.splitlines()] == [
        "north: 0 bookings taken in",
        "south: 0 bookings taken in",
    ]
    problems = [line for line in result.stderr.splitlines() if line.startswith("replyes: ")]
    assert [problem.split(": ")[1] for problem in problems] == ["north", "north", "south", "south"]


def test_all_faults_are_told_a_line_each(tmp_path: Path) -> None:
    (tmp_path / "clinics.toml").write_text(FILE.replace("CLINIC_NAME", "CLINIC_NMAE") + 'ON_EXPIRY = "shrug"\n')
    result = run("reconcile")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 5)
    assert all(line.startswith(("replyes: [north] ", "replyes: [south] ")) for line in result.stderr.splitlines())


def test_a_start_tells_the_clinics_that_are_missing(
    clinics: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with two_clinics(clinics, tmp_path, FILE.partition("[south]")[0]) as product:
        product.runner.run(planning.tell_who_is_missing(product.service.store, product.service.clinics))
    assert "the database has bookings of clinic south" in caplog.text
    assert "clinic north" not in caplog.text


def test_a_setting_of_the_environment_that_no_clinic_inherits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_PHONE", "+12025550199")
    assert "CLINIC_PHONE of the environment is no clinic's" in run("preview").stderr
