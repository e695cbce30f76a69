"""`replyes outbox`: what is still to be done, what a person can do about it, and no phone number anywhere."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from entrypoints import errands
from entrypoints.cli import main
from tests.databases import column, everything, meddle, seen
from tests.examples import NOW
from tests.stories.world import World, a_world, drops_the_line, refuses

pytestmark = pytest.mark.usefixtures("logging_as_before")

LATER = NOW + timedelta(minutes=30)


@pytest.fixture(autouse=True)
def url(named_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The database that the settings name; it is half past nine."""
    monkeypatch.setattr(errands, "clock", lambda: LATER)
    return named_database


def lived(url: str, story: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with a_world(url) as world:
            world.clock.now = LATER
            await story(world)

    asyncio.run(run())


@pytest.fixture
def morning(url: str) -> dict[str, str]:
    """One errand of each kind, by the booking: told by its key."""

    async def story(world: World) -> None:
        for number, uid in enumerate(("dead", "doubt", "hand", "wait", "due")):
            world.clock.now = LATER - timedelta(minutes=10 - number)
            await world.books(uid=uid, phone=f"+1202555010{number}")

    lived(url, story)
    keys = dict(zip(("dead", "doubt", "hand", "wait", "due"), column(url, KEYS), strict=True))
    attempted = round((LATER - timedelta(minutes=20)).timestamp() * 1000)
    meddle(url, "UPDATE outbox SET status = 'dead', note = 'told +12025550102' WHERE errand = ?", keys["dead"])
    meddle(
        url,
        "UPDATE outbox SET attempted_at = ?, attempts = 3, text = 'Hi! Call +1 202 555 0199' WHERE errand = ?",
        attempted,
        keys["doubt"],
    )
    meddle(url, "UPDATE outbox SET lease_until = 32503680000000 WHERE errand = ?", keys["hand"])
    meddle(url, "UPDATE outbox SET due_at = ? WHERE errand = ?", attempted + 3_600_000, keys["wait"])
    return keys


KEYS = "SELECT errand FROM outbox ORDER BY queued_at"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["outbox", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "2025550" not in result.output
    assert "555 01" not in result.output
    return result


def told(*arguments: str) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def fault(url: str, *arguments: str) -> str:
    """How a command fails, which changes nothing."""
    told("--json")  # who opens a database first makes a key
    before, result = everything(url), run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert everything(url) == before
    [line] = result.stderr.splitlines()
    return line.removeprefix("replyes: ")


# -- Looking ------------------------------------------------------------------------------------------------------


def test_the_list_tells_how_each_errand_stands(morning: dict[str, str]) -> None:
    lines = told().splitlines()
    rows = {key[:12]: uid for uid, key in morning.items()}
    assert lines[0].split() == ["ID", "KIND", "STATUS", "BOOKINGS", "DUE", "ATTEMPTS", "NOTE"]
    assert [(rows[line.split("  ")[0]], line.split("  ", 2)[2].strip().split("  ")[0]) for line in lines[1:]] == [
        ("dead", "dead"),
        ("doubt", "in doubt"),
        ("hand", "in hand"),
        ("wait", "waits"),
        ("due", "due"),
    ]
    assert lines[1].endswith("told …02")


def test_only_the_dead(morning: dict[str, str]) -> None:
    assert [line.split()[0] for line in told("--dead").splitlines()] == ["ID", morning["dead"][:12]]
    [only] = json.loads(told("--dead", "--json"))["errands"]
    assert (only["errand"], only["status"], only["bookings"]) == (morning["dead"], "dead", ["dead"])


def test_an_empty_outbox() -> None:
    assert told() == "no errands\n"
    assert json.loads(told("--json")) == {"errands": [], "channels": []}


def test_a_program_reads_one_document(morning: dict[str, str]) -> None:
    document = json.loads(told("--json"))
    assert {one["bookings"][0]: one["status"] for one in document["errands"]} == {
        "dead": "dead",
        "doubt": "in doubt",
        "hand": "in hand",
        "wait": "waits",
        "due": "due",
    }
    [doubt] = [one for one in document["errands"] if one["in_doubt"]]
    assert doubt["attempted_at"] == "2026-05-08T09:10:00Z"
    assert doubt["text"] == "Hi! Call …99"


def test_the_channels_that_are_shut_stand_below(url: str) -> None:
    async def story(world: World) -> None:
        world.phone.instead.append(refuses(401, 20003))
        await world.books()
        await world.works()

    lived(url, story)
    *_, last = told().splitlines()
    assert last.startswith("shut: sms of clinic main until 2026-05-08 09:31:00 UTC  20003")
    [channel] = json.loads(told("--json"))["channels"]
    assert (channel["clinic"], channel["channel"], channel["shut_until"]) == ("main", "sms", "2026-05-08T09:31:00Z")
    meddle(url, "UPDATE channels SET shut_until = 0")
    assert "shut" not in told()


def test_one_errand_with_all_that_is_known_of_it(url: str, morning: dict[str, str]) -> None:
    shown = dict(line.split(None, 1) for line in told("show", morning["doubt"][:6]).splitlines())
    columns = set(shown) - {"in_hand"}
    assert columns == {name for [name] in seen(url, COLUMNS[url[:6]])}
    assert (shown["errand"], shown["status"], shown["text"]) == (morning["doubt"], "in doubt", "Hi! Call …99")


COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_info('outbox')",
    "postgr": "SELECT column_name FROM information_schema.columns WHERE table_name = 'outbox'",
}


# -- Which errand -------------------------------------------------------------------------------------------------

ACTS = pytest.mark.parametrize("act", [["show"], ["retry"], ["resolve", "sent"]], ids=" ".join)


@ACTS
def test_an_id_that_nobody_has(url: str, act: list[str]) -> None:
    word, *rest = act
    assert fault(url, word, "0123456789", *rest) == "there is no errand 0123456789; `replyes outbox` lists them"


@ACTS
@pytest.mark.parametrize("beginning", ["abcde", "", "%%%%%%", "uid-of-a-booking", "+12025550102", "0" * 33])
def test_what_is_no_id(url: str, act: list[str], beginning: str) -> None:
    word, *rest = act
    assert "is no ID" in fault(url, word, "--", beginning, *rest)


@ACTS
def test_an_id_that_two_have(url: str, morning: dict[str, str], act: list[str]) -> None:
    for number, uid in enumerate(("doubt", "dead")):
        meddle(url, "UPDATE outbox SET errand = ? WHERE errand = ?", f"abcdef{number:026x}", morning[uid])
    word, *rest = act
    assert fault(url, word, "ABCDEF", *rest) == "2 errands begin with ABCDEF; give more of the ID"


@pytest.mark.parametrize(
    "arguments", [["show"], ["resolve", "abcdef"], ["resolve", "abcdef", "lost"], ["--dead", "retry", "abcdef"]]
)
def test_wrong_usage_is_told_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")


# -- What a person does -------------------------------------------------------------------------------------------


def test_a_dead_errand_is_tried_again(url: str, morning: dict[str, str]) -> None:
    assert told("retry", morning["dead"][:8]) == f"ask {morning['dead']}: a worker takes it now\n"
    assert seen(url, "SELECT status, due_at = queued_at FROM outbox WHERE errand = ?", morning["dead"])[0][0] == "due"


def test_what_is_in_doubt_is_resolved(url: str) -> None:
    async def doubt(world: World) -> None:
        world.phone.instead.append(drops_the_line)
        await world.books()
        await world.works()

    async def answered(world: World) -> None:
        await world.replies("YES")
        assert await world.state() == "confirmed"

    lived(url, doubt)
    [key] = column(url, KEYS)
    assert told("resolve", key, "sent") == f"ask {key}: noted as sent\n"
    assert told() == "no errands\n"
    lived(url, answered)


def test_what_was_not_sent_is_sent(url: str, morning: dict[str, str]) -> None:
    key = morning["doubt"]
    assert told("resolve", key, "unsent") == f"ask {key}: noted as not sent, so it is sent now\n"
    assert seen(url, "SELECT attempted_at FROM outbox WHERE errand = ?", key) == [(None,)]


@pytest.mark.parametrize(
    ("uid", "act", "why"),
    [
        ("due", ["retry"], "is due already"),
        ("hand", ["retry"], "in a worker's hands"),
        ("hand", ["resolve", "sent"], "in a worker's hands"),
        ("dead", ["resolve", "unsent"], "is not in doubt"),
        ("wait", ["resolve", "sent"], "is not in doubt"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    url: str, morning: dict[str, str], uid: str, act: list[str], why: str
) -> None:
    word, *rest = act
    assert why in fault(url, word, morning[uid], *rest)
