"""`replyes replay`: what it tells, and that it tells nothing private."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager

import click
import pytest
from click.testing import CliRunner, Result

from entrypoints import cli
from tests.databases import everything, meddle
from tests.examples import SARAH
from tests.stories.world import World, a_world

pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.fixture(autouse=True)
def url(named_database: str) -> str:
    """A clinic's morning, in the database that the settings name."""

    async def morning() -> None:
        async with a_world(named_database) as world:
            await live(world)

    asyncio.run(morning())
    return named_database


async def live(world: World) -> None:
    await world.books()
    await world.works()
    await world.replies("YES")
    await world.works()
    await world.books(uid="bkSilent", phone=None)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.main, ["replay", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_views_that_are_right_stay_as_they_are(url: str) -> None:
    before = everything(url)
    facts = len(before["stored_events"])
    assert (run().stdout, run("--verify").stdout) == (
        f"{facts} facts read, 0 rows put right\n",
        f"{facts} facts read, 0 rows differ\n",
    )
    assert everything(url) == before


def test_what_differs_is_told_in_a_line_each_and_changed_by_replay_only(url: str) -> None:
    before = everything(url)
    meddle(url, "UPDATE bookings SET state = 'expired', phone = '+12025550177' WHERE uid = 'bkSarah1'")
    meddle(url, "UPDATE bookings SET name = 'Somebody Else' WHERE uid = 'bkSilent'")
    meddle(url, "DELETE FROM staff_inbox")
    meddle(url, "INSERT INTO heard_messages VALUES ('main', '+12025550155')")
    meddled, result = everything(url), run("--verify")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "bookings booking-main-bkSarah1: state, phone",
        "bookings booking-main-bkSilent: name",
        "heard_messages main …55: has no facts",
        "staff_inbox booking-main-bkSilent 2: is missing",
        f"{len(before['stored_events'])} facts read, 4 rows differ",
    ]
    assert everything(url) == meddled
    result = run()
    assert (result.exit_code, result.stdout.splitlines()[-1][-16:]) == (0, "4 rows put right")
    assert "Sarah" not in result.stdout
    assert sorted(map(repr, everything(url)["bookings"])) == sorted(map(repr, before["bookings"]))
    assert run("--verify").exit_code == 0


def test_nobody_is_texted_by_a_replay(url: str) -> None:
    errands = everything(url)["outbox"]
    meddle(url, "DELETE FROM bookings")
    run()
    assert everything(url)["outbox"] == errands


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run().stderr == ""
    seen: list[int] = []

    @contextmanager
    def a_bar(length: int, label: str, file: object) -> Iterator[object]:
        seen.append(length)
        yield type("Bar", (), {"update": lambda _, more: seen.append(more)})()

    monkeypatch.setattr(click, "progressbar", a_bar)
    monkeypatch.setattr(cli.sys, "stderr", Terminal())
    with cli._progress(7) as advance:
        advance(3)
    assert seen == [7, 3]


def test_the_phone_is_in_the_database_after_all(url: str) -> None:
    """So that the tests above could have seen it."""
    assert SARAH in repr(everything(url)["bookings"])
