"""Tests marked `anyio` are coroutines on an asyncio loop; each has a store of its own, and none hangs for ever."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.adapters.storage.rooms import Rooms, rooms

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
def path(tmp_path: Path) -> Path:
    return tmp_path / "replyes.db"


@pytest.fixture
async def store(anyio_backend: str, path: Path) -> AsyncIterator[Rooms]:
    async with rooms(path) as opened:
        yield opened
