"""Tells every open page that something changed, by server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

from entrypoints.sandbox.world import World

States = Callable[[], Awaitable[dict[str, str]]]

# Some of the product's moves make no call (an expiry), so nothing here rings. Asking each second catches them.
GLANCE = 1.0
GLANCES_PER_PING = 15


async def changes(world: World, states: States, stopping: asyncio.Event) -> AsyncIterator[str]:
    """One event at once, then one for each change, until the server stops.

    The event says only that there is news; the page fetches what is new.
    """
    shown: tuple[int, dict[str, str]] | None = None
    for glance in count():
        if stopping.is_set():
            return
        current = (world.version, await states())
        if current != shown:
            shown = current
            yield f"data: {world.version}\n\n"
        elif glance % GLANCES_PER_PING == 0:
            # A browser that has gone is noticed only by writing to it.
            yield ": still here\n\n"
        await _first(world.changed_since(shown[0]), stopping.wait())


async def _first(*awaitables: Awaitable[object]) -> None:
    """Wait until one of them is done, but no longer than a glance."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        await asyncio.wait(tasks, timeout=GLANCE, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
