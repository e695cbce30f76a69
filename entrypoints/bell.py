"""What wakes a resting worker."""

import asyncio


class Bell:
    """Wakes the worker after a commit that queued errands. A hint only: the poll each second is the net."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until somebody rings, at most this long."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            pass
        self._rung.clear()
