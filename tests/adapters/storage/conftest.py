"""Tests marked `anyio` are coroutines on an asyncio loop; each has a store of its own, and none hangs for ever."""

import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.adapters.storage.rooms import Rooms, rooms
from tests.databases import KINDS, new_database

PATIENCE = 120  # seconds


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A writer that is broken answers nobody: then the test fails."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"the test hangs, for {PATIENCE} seconds already")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def store(anyio_backend: str, database: str) -> AsyncIterator[Rooms]:
    async with rooms(database) as opened:
        yield opened


@pytest.fixture(scope="module", params=KINDS)
def lasting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URLs of two databases for many examples, each of which begins by emptying what it uses."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "other")]
    with new_database(request.param, folders[0]) as one, new_database(request.param, folders[1]) as other:
        yield one, other
