"""`replyes export` and `replyes import`: a clinic moves to another database, and misses nothing."""

import json
import stat
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from adapters.storage.moving.lines import Sheet
from entrypoints.cli import main
from tests.adapters.calcom_payloads import attendee
from tests.databases import KINDS, column, everything, meddle, new_database
from tests.databases import seen as rows
from tests.entrypoints.conftest import ENVIRONMENT, PATIENT, UID, booked, cal, new_product, text

pytestmark = pytest.mark.usefixtures("logging_as_before")

FILE = "clinic.jsonl"
KEY = ENVIRONMENT["ENCRYPTION_KEY"]
OTHER_KEY = "another-key-of-32-characters-0123"
BESIDE = ("patient_keys", "store_secrets", "installation", "outbox", "channels", "turns")
WORDS = "please call me at +1 202 555 0177"

Document = dict[str, Any]


@pytest.fixture
def clinic(named_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """One patient has said YES and one something unclear, one question is in doubt, one waits, one has no phone. The
    settings name this database."""
    monkeypatch.setenv("ENCRYPTION_KEY", KEY)
    with new_product(named_database) as product:
        product.send(cal(booked()))
        product.deliver()
        product.send(text())
        product.send(cal(booked(uid="asked", attendees=[attendee(phoneNumber="+12025550144", name="Ann")])))
        product.deliver()
        product.send(text(From="+12025550144", Body=WORDS, MessageSid="SM" + "6f" * 16, SmsMessageSid="SM" + "6f" * 16))
        product.send(cal(booked(uid="silent", attendees=[attendee()])))
        product.outside.is_silent = True
        product.send(cal(booked(uid="doubtful", attendees=[attendee(phoneNumber="+12025550145", name="Bo")])))
        product.deliver()
        product.send(cal(booked(uid="waiting", attendees=[attendee(phoneNumber="+12025550146", name="Cy")])))
    meddle(
        named_database, "INSERT INTO channels (clinic, channel, shut_until) VALUES ('main', 'calendar', 4070908800000)"
    )
    meddle(named_database, "INSERT INTO turns VALUES ('catch up main', 1700000000000, 1690000000000)")
    return named_database


@pytest.fixture(params=KINDS)
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another database, with all tables and no rows."""
    (tmp_path / "elsewhere").mkdir()
    with new_database(request.param, tmp_path / "elsewhere") as url:
        yield url


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A command on this database."""

    def run(url: str, *arguments: str, stdin: bytes | None = None) -> Result:
        monkeypatch.setenv("DATABASE_URL", url)
        result = CliRunner().invoke(main, arguments, input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


At = Callable[..., Result]


def fault(result: Result) -> str:
    """The one line with which a command fails."""
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("replyes: ")
    return line.removeprefix("replyes: ")


def documents(path: Path) -> list[Document]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def fact_lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines() if line.startswith(b'{"kind":"fact"')]


def beside(url: str) -> dict[str, list[str]]:
    """What is neither log nor view, in any order."""
    found = everything(url)
    return {table: sorted(map(repr, found[table])) for table in BESIDE}


def seen(at: At, url: str) -> list[Any]:
    """What people see of a store."""
    uids = [UID, "asked", "silent", "doubtful", "waiting"]
    asked = [["bookings", "--json"], *(["audit", uid, "--json"] for uid in uids), ["outbox", "--json"]]
    return [json.loads(at(url, *command).stdout) for command in asked]


def exported(at: At, url: str) -> Path:
    assert at(url, "export", FILE).exit_code == 0
    return Path(FILE)


def forged(change: Callable[[list[Document]], object]) -> None:
    """The file, changed by somebody who knows how its hash is made."""
    told = documents(Path(FILE))[:-1]
    change(told)
    with Path(FILE).open("wb") as file:
        sheet = Sheet(file)
        for document in told:
            sheet.write(document)
        sheet.end()


def is_empty(url: str) -> bool:
    return not any(found for table, found in everything(url).items() if table != "schema_migrations")


# -- There and back -----------------------------------------------------------------------------------------------


def test_in_another_database_everything_is_as_it_was(at: At, clinic: str, elsewhere: str) -> None:
    before, facts = seen(at, clinic), len(everything(clinic)["stored_events"])
    meddle(clinic, "UPDATE outbox SET lease_until = 0")  # nobody has one in hand
    assert at(clinic, "export", FILE).stderr == (
        f"replyes: {facts} facts exported; whoever has this file has the patients' data; "
        "an import of it needs the same ENCRYPTION_KEY\n"
    )
    assert at(elsewhere, "import", FILE).stdout == f"{facts} facts imported\n"
    assert beside(elsewhere) == beside(clinic)
    verified = at(elsewhere, "replay", "--verify")
    assert (verified.exit_code, verified.stdout) == (0, f"{facts} facts read, 0 rows differ\n")
    assert [_without_leases(one) for one in seen(at, elsewhere)] == [_without_leases(one) for one in before]


def _without_leases(told: Any) -> Any:
    if isinstance(told, dict) and "errands" in told:
        return [{name: value for name, value in one.items() if name != "status"} for one in told["errands"]]
    return told


def test_what_was_due_is_due_and_what_was_in_hand_is_in_doubt(at: At, clinic: str, elsewhere: str) -> None:
    meddle(clinic, "UPDATE outbox SET lease_until = 4070908800000 WHERE attempted_at IS NOT NULL")
    exported(at, clinic)
    at(elsewhere, "import", FILE)
    sql = "SELECT errand, kind, attempts, attempted_at, due_at, status FROM outbox ORDER BY errand"
    assert sorted(rows(elsewhere, sql)) == sorted(rows(clinic, sql))
    assert set(column(elsewhere, "SELECT lease_until FROM outbox")) == {0}
    meddle(elsewhere, "UPDATE outbox SET due_at = 0")
    with new_product(elsewhere) as product:
        product.outside._numbers = count(1000)
        product.deliver()
        posted = [call.content.decode() for call in product.outside.calls if call.method == "POST"]
        looked_up = [str(call.url) for call in product.outside.calls if call.method == "GET"]
    assert sum("0146" in body for body in posted) == 1
    assert not any("0145" in body for body in posted)
    assert any("0145" in url for url in looked_up)


def test_from_a_file_to_a_server_and_back_no_byte_of_the_log_is_lost(at: At, tmp_path: Path, clinic: str) -> None:
    lines = [fact_lines(exported(at, clinic))]
    for number, kind in enumerate([*KINDS, *KINDS]):
        (tmp_path / str(number)).mkdir()
        with new_database(kind, tmp_path / str(number)) as url:
            assert at(url, "import", FILE).exit_code == 0
            Path(FILE).unlink()
            lines.append(fact_lines(exported(at, url)))
    assert len(lines[0]) > 10
    assert lines == [lines[0]] * 5


def test_what_was_written_in_another_way_comes_back_byte_for_byte(at: At, clinic: str, elsewhere: str) -> None:
    first = "WHERE originator_version = 1 AND originator_id = 'booking-main-silent'"
    sql = f"SELECT state FROM stored_events {first}"
    state = bytes(rows(clinic, sql)[0][0]).replace(b'","', b'" ,\n"')
    meddle(clinic, f"UPDATE stored_events SET state = ? {first}", state)
    assert b'"state_base64":' in exported(at, clinic).read_bytes()
    assert at(elsewhere, "import", FILE).exit_code == 0
    assert bytes(rows(elsewhere, sql)[0][0]) == state


def test_it_goes_through_pipes(at: At, clinic: str, elsewhere: str) -> None:
    piped = at(clinic, "export").stdout_bytes
    assert at(elsewhere, "import", "-", stdin=piped).exit_code == 0
    assert fact_lines(exported(at, elsewhere)) == [line for line in piped.splitlines() if b'"kind":"fact"' in line]


def test_a_database_without_tables_is_brought_up_to_date(at: At, clinic: str, tmp_path: Path) -> None:
    exported(at, clinic)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert at(url, "import", FILE).exit_code == 0
    assert seen(at, url)[0] == seen(at, clinic)[0]


def test_a_store_that_was_opened_and_never_used_is_empty(at: At, clinic: str, elsewhere: str) -> None:
    exported(at, clinic)
    with new_product(elsewhere):
        pass
    assert at(elsewhere, "import", FILE).exit_code == 0
    assert beside(elsewhere)["store_secrets"] == beside(clinic)["store_secrets"]


# -- The file -----------------------------------------------------------------------------------------------------


def test_only_its_owner_may_read_the_file(at: At, clinic: str) -> None:
    assert stat.S_IMODE(exported(at, clinic).stat().st_mode) == 0o600


@pytest.mark.parametrize("there", ["a file", "a link to nowhere"])
def test_a_file_that_is_there_stays_as_it_is(at: At, clinic: str, there: str) -> None:
    if there == "a file":
        Path(FILE).write_text("the holiday pictures")
    else:
        Path(FILE).symlink_to("nowhere")
    assert fault(at(clinic, "export", FILE)) == f"{FILE} is there already; name another file"
    assert Path(FILE).is_symlink() or Path(FILE).read_text() == "the holiday pictures"
    assert not Path("nowhere").exists()


def test_an_export_that_fails_leaves_no_file_behind(at: At, clinic: str) -> None:
    meddle(clinic, "DROP TABLE turns")
    assert "turns" in fault(at(clinic, "export", FILE))
    assert not list(Path().glob("*.jsonl*")) + list(Path().glob(".*.part"))


def test_a_folder_that_is_not_there_is_told(at: At, clinic: str) -> None:
    assert fault(at(clinic, "export", "nowhere/clinic.jsonl")).startswith("nowhere/clinic.jsonl cannot be written (")
    assert fault(at(clinic, "import", "nowhere/clinic.jsonl")).startswith("nowhere/clinic.jsonl cannot be read (")


# -- For people ---------------------------------------------------------------------------------------------------


def test_people_read_opened_facts_without_a_key_or_a_whole_phone_number(at: At, clinic: str) -> None:
    told = at(clinic, "export", "--readable")
    assert told.stderr.endswith("whoever has this file has the patients' data\n")
    for secret in (PATIENT[1:], "2025550144", "555 0177", "sealed_for", "base64", "patient_keys", KEY):
        assert secret not in told.stdout
    facts = [json.loads(line) for line in told.stdout.splitlines()][1:-1]
    assert len(facts) == len(everything(clinic)["stored_events"])
    (heard,) = [fact for fact in facts if fact["event"] == "heard" and "please" in fact["details"]["words"]]
    assert heard["details"]["words"] == "please call me at …77"
    (asked,) = [fact for fact in facts if (fact["stream"], fact["version"]) == ("booking-main-asked", 1)]
    assert (asked["event"], asked["details"]["name"], asked["details"]["phone"]) == ("requested", "Ann", "…44")
    assert asked["details"]["starts_at"] == "2099-05-12T09:30:00Z"


def test_people_read_null_where_a_patient_was_erased(at: At, clinic: str) -> None:
    meddle(clinic, "DELETE FROM patient_keys")
    facts = [json.loads(line) for line in at(clinic, "export", "--readable").stdout.splitlines()][1:-1]
    assert {fact["details"]["name"] for fact in facts if "name" in fact["details"]} == {None}


def test_what_people_read_cannot_be_imported(at: At, clinic: str, elsewhere: str) -> None:
    at(clinic, "export", "--readable", FILE)
    assert "export without --readable" in fault(at(elsewhere, "import", FILE))
    assert is_empty(elsewhere)


# -- What is not imported -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [OTHER_KEY, None])
def test_without_its_encryption_key_nothing_is_stored(
    at: At, clinic: str, elsewhere: str, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(at, clinic)
    monkeypatch.setenv("ENCRYPTION_KEY", key) if key else monkeypatch.delenv("ENCRYPTION_KEY")
    assert fault(at(elsewhere, "import", FILE)).startswith("ENCRYPTION_KEY: ")
    assert is_empty(elsewhere)


def cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def cut_in_a_line(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1][:-9]]


def one_line_less(lines: list[bytes]) -> list[bytes]:
    return lines[:5] + lines[6:]


def one_letter(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b"booking.requested", b"booking.requestes") for line in lines]


def swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def one_more(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[3]]


@pytest.mark.parametrize("change", [cut, cut_in_a_line, one_line_less, one_letter, swapped, one_more])
def test_a_file_that_was_cut_or_altered_is_told_before_anything_is_stored(
    at: At, clinic: str, elsewhere: str, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    path = exported(at, clinic)
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    assert fault(at(elsewhere, "import", FILE)).endswith("take another copy of it, or export again")
    assert is_empty(elsewhere)


@pytest.mark.parametrize("content", [b"", b"Dear diary\n" * 100, b"[]\n", b"\xff\x00\n", b'{"kind":"fact"}\n', b"null"])
def test_another_file_is_told_to_be_one(at: At, clinic: str, content: bytes, elsewhere: str) -> None:
    Path(FILE).write_bytes(content)
    assert fault(at(elsewhere, "import", FILE)).startswith(("this is no file that", "the file has lost its end"))
    assert is_empty(elsewhere)


def a_row(told: list[Document], table: str) -> Document:
    return next(one["row"] for one in told if one.get("table") == table)


NEWER = {
    "format 2": lambda told: told[0].update(replyes=2),
    "booking.teleported": lambda told: told[1].update(topic="booking.teleported"),
    "os:system": lambda told: told[1].update(topic="os:system"),
    "subprocess:run": lambda told: told[1]["state"].update(originator_topic="subprocess:run"),
    "crystal_balls": lambda told: told[-1].update(table="crystal_balls"),
    "turns.x); DROP TABLE turns": lambda told: told[-1]["row"].update({"x); DROP TABLE turns": 1}),
}


@pytest.mark.parametrize("what", NEWER)
def test_what_this_version_does_not_know_comes_from_a_newer_one(at: At, clinic: str, elsewhere: str, what: str) -> None:
    exported(at, clinic)
    forged(NEWER[what])
    said = fault(at(elsewhere, "import", FILE))
    assert said == f"this file comes from a newer version ({what}); install that version"
    assert is_empty(elsewhere)


def move(told: list[Document], start: int, to: int) -> None:
    told.insert(to, told.pop(start))


NONSENSE = {
    "a fact too early": lambda told: move(told, 4, 3),
    "a fact after the rows": lambda told: told.append({**told[1], "position": 10_000}),
    "a row too early": lambda told: move(told, len(told) - 1, 1),
    "a table too early": lambda told: move(told, len(told) - 1, len(told) - 3),
    "a fact without a state": lambda told: told[1].pop("state"),
    "a fact in no place": lambda told: told[1].update(version="first"),
    "a key that is none": lambda told: a_row(told, "patient_keys").update(sealed_key={"base64": "…"}),
    "a list in a column": lambda told: a_row(told, "outbox").update(note=[1]),
    "no kind": lambda told: told[1].pop("kind"),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_what_makes_no_sense_is_told_by_its_line_before_anything_is_stored(
    at: At, clinic: str, elsewhere: str, what: str
) -> None:
    exported(at, clinic)
    forged(NONSENSE[what])
    assert fault(at(elsewhere, "import", FILE)).endswith("of the file makes no sense; export again")
    assert is_empty(elsewhere)


def test_what_the_tables_do_not_take_is_told_without_quoting_it(at: At, clinic: str, elsewhere: str) -> None:
    exported(at, clinic)
    forged(lambda told: a_row(told, "outbox").update(version=2**70, note="Sarah"))
    said = fault(at(elsewhere, "import", FILE))
    assert said.startswith("the database does not take what is in the file (")
    assert "run `replyes import` again with its file" in fault(at(elsewhere, "bookings"))


def test_facts_that_are_missing_are_told(at: At, clinic: str, elsewhere: str) -> None:
    exported(at, clinic)
    forged(lambda told: told.pop(1))
    assert "facts, and should have" in fault(at(elsewhere, "import", FILE))
    assert is_empty(elsewhere)


def test_a_second_import_changes_nothing(at: At, clinic: str, elsewhere: str) -> None:
    exported(at, clinic)
    at(elsewhere, "import", FILE)
    before = everything(elsewhere)
    assert fault(at(elsewhere, "import", FILE)).endswith("has facts already; import into an empty database")
    assert everything(elsewhere) == before


def test_a_store_that_is_in_use_stays_as_it_is(at: At, clinic: str) -> None:
    exported(at, clinic)
    before = everything(clinic)
    assert fault(at(clinic, "import", FILE)).endswith("has facts already; import into an empty database")
    assert everything(clinic) == before
