"""Two contestants in turns: what slows this machine down for a while slows both."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

ROUNDS = 7
FEWEST_ROUNDS, SECONDS = 3, 4  # a slow machine runs fewer

Request = Callable[[], Awaitable[object]]
Pair = tuple[Sequence[Request], Sequence[Request]]


@dataclass(frozen=True)
class Result:
    """Requests per second, and how many times faster we were: in the median round, in the worst, and in the best."""

    ours: float
    others: float
    ratio: float
    lowest: float
    highest: float


async def contest(heat: Callable[[int], Awaitable[Pair]], clients: int, requests: int) -> Result:
    """`heat` prepares fresh requests for one round: ours, and the other's. Who begins changes with every round."""
    ours, others, until = [], [], perf_counter() + SECONDS
    for number in range(ROUNDS):
        if number >= FEWEST_ROUNDS and perf_counter() > until:
            break
        heats = list(zip((ours, others), await heat(requests), strict=True))
        for rates, fresh in heats[:: -1 if number % 2 else 1]:
            rates.append(await _rate(fresh, clients))
    ratios = [our / other for our, other in zip(ours, others, strict=True)]
    return Result(median(ours), median(others), median(ratios), min(ratios), max(ratios))


async def at_once(requests: Sequence[Request], clients: int = 64) -> None:
    """Carry out the requests, so many at the same time."""
    waiting = iter(requests)

    async def client() -> None:
        for request in waiting:
            await request()

    await asyncio.gather(*(client() for _ in range(clients)))


async def _rate(requests: Sequence[Request], clients: int) -> float:
    gc.collect()
    started = perf_counter()
    await at_once(requests, clients)
    return len(requests) / (perf_counter() - started)
