"""Tests marked `anyio` are coroutines on an asyncio loop; each has a store of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.storage.rooms import Rooms, rooms


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
