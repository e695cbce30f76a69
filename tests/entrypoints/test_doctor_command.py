"""The command `replyes doctor`, against local servers for Cal.com, Twilio and our own address."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.storage import migrations
from entrypoints.cli import main
from tests.entrypoints.conftest import ENVIRONMENT, SECRETS
from tests.entrypoints.doctor_kit import TRIGGERS, Surroundings, a_file, answers, environment, hook, served

pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an environment without settings."""
    for name in (*ENVIRONMENT, "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def outside(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    """All of the outside behind one port, and the settings that lead there."""
    migrations.migrate(a_file(home))
    made: list[Surroundings] = []

    def make(url: str) -> Surroundings:
        made.append(Surroundings(url))
        return made[0]

    with served(make) as url:
        settings = environment(a_file(home), PUBLIC_URL=url, CAL_API_URL=url, TWILIO_API_URL=url, NO_PROXY="127.0.0.1")
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield made[0]


def doctor(*arguments: str, typed: str = "") -> Result:
    result = CliRunner().invoke(main, ["doctor", *arguments], input=typed)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert [secret for secret in SECRETS if secret in result.output] == []
    assert "2025550100" not in result.output
    return result


def test_a_good_set_up_ends_with_no_fault_and_0(outside: Surroundings) -> None:
    result = doctor()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].startswith("no fault")
    assert "Cal.com     ok     the key works, and belongs to Dr. Lee" in result.stdout


def test_each_fault_stands_above_its_cure_and_the_command_ends_with_1(outside: Surroundings) -> None:
    outside.hooks = [hook(outside.hooks[0]["subscriberUrl"].removesuffix("/api/webhooks/cal"), triggers=TRIGGERS[:1])]  # type: ignore[attr-defined]
    result = doctor()
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    faults = [number for number, line in enumerate(lines) if " FAULT " in line]
    assert len(faults) == 1
    assert lines[faults[0] + 1].strip() == "-> run: replyes doctor --register (it mends it)"
    assert lines[-1].startswith("1 fault")


def test_the_json_document_has_every_finding(outside: Surroundings) -> None:
    outside.paths["/v2/me"] = answers({"error": {"message": "Invalid API Key"}}, 401)
    result = doctor("--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (document["faults"], document["unsure"]) == (1, 1)
    assert {"part", "verdict", "told", "cure"} == set(document["findings"][0])


def test_nobody_is_asked_where_nobody_sits_at_a_terminal(outside: Surroundings) -> None:
    outside.hooks = []
    result = doctor("--register", typed="y\n")
    assert "run: replyes doctor --register --yes" in result.stdout
    assert (result.exit_code, outside.hooks) == (1, [])


def test_with_yes_it_registers_and_tells_how_things_stand_then(outside: Surroundings) -> None:
    outside.hooks = []
    result = doctor("--register", "--yes")
    assert (result.exit_code, len(outside.hooks)) == (0, 1)
    assert "done: register a webhook" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("no fault")
    assert doctor("--register", "--yes", "--json").exit_code == 0
    assert outside.writes() == [("POST", "/v2/webhooks")]


@pytest.mark.parametrize(("typed", "number"), [("y\n", 1), ("n\n", 0), ("\n", 0)])
def test_at_a_terminal_it_asks_first(
    outside: Surroundings, monkeypatch: pytest.MonkeyPatch, typed: str, number: int
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True, raising=False)
    outside.hooks = []
    assert "Shall I register a webhook" in doctor("--register", typed=typed).stdout
    assert len(outside.hooks) == number


@pytest.mark.parametrize("arguments", [["--yes"], ["--json", "--register"]])
def test_what_makes_no_sense_is_wrong_usage(arguments: list[str]) -> None:
    assert doctor(*arguments).exit_code == 2


def test_a_newcomer_hears_of_the_sandbox(home: Path) -> None:
    result = doctor()
    assert result.exit_code == 1
    assert "make run" in result.stdout
    assert len(result.stdout.splitlines()) == 4
    assert list(home.iterdir()) == []
