"""What `replyes audit` and `replyes bookings` tell, without a process for each question."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from domain.clinics import Clinic
from entrypoints.audit import Story, story
from entrypoints.settings import MAIN_CLINIC, StoreSettings
from entrypoints.store import Store, open_store
from tests.wire.accounts import ENCRYPTION_KEY

Result = TypeVar("Result")


def asked(database: str, ask: Callable[[Store], Awaitable[Result]]) -> Result:
    """What the product's own store answers."""

    async def run() -> Result:
        async with open_store(StoreSettings(database, ENCRYPTION_KEY), {MAIN_CLINIC: Clinic(MAIN_CLINIC, "")}) as store:
            return await ask(store)

    return asyncio.run(run())


def stories(database: str, uids: Sequence[str] = ()) -> dict[str, Story]:
    """The story of each of these bookings, or of all of them, by uid."""

    async def ask(store: Store) -> dict[str, Story]:
        rows = await store.views.bookings()
        return {row.uid: await story(store, row) for row in rows if not uids or row.uid in uids}

    return asked(database, ask)


def names(story: Story) -> list[str]:
    """The names of the events."""
    return [event["event"] for event in story.events]
