"""What is done every so often, by whichever process takes the turn: the expiry job, reconcile, the sweep. There is no
leader; a process that dies in its turn is followed by another in the next."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from domain.errors import StorageAway
from entrypoints import expiry_job
from entrypoints.wiring import Service, clock

log = logging.getLogger("replyes.rounds")

EXPIRE_EVERY = timedelta(minutes=1)
CATCH_UP_EVERY = timedelta(minutes=5)
MOST_SETTLED = 60  # of the settled bookings, so many are compared in one run: Cal.com allows 120 calls a minute
LOOK_EVERY = 5.0  # seconds between two looks whether it is time


@dataclass(frozen=True)
class Round:
    """A job by the name under which its turns are kept."""

    job: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


def rounds(service: Service) -> list[Round]:
    """Everything that is done every so often."""
    catching_up = [Round(f"catch up {key}", CATCH_UP_EVERY, partial(catch_up, service, key)) for key in service.clinics]
    return [Round("expire", EXPIRE_EVERY, partial(expiry_job.run, service.store)), *catching_up]


async def walk(service: Service, stopping: asyncio.Event) -> None:
    """Until `stopping` is set."""
    walking = [asyncio.create_task(_walk(service, one)) for one in rounds(service)]
    await stopping.wait()
    for task in walking:
        task.cancel()
    await asyncio.gather(*walking, return_exceptions=True)


async def _walk(service: Service, one: Round) -> None:
    while True:
        try:
            if await service.store.turns.take(one.job, clock(), one.every):
                await one.run()
        except StorageAway as error:
            log.error("%s: %s; trying again", one.job, error)
        except Exception:
            log.exception("%s failed; its next turn tries again", one.job)
        await asyncio.sleep(LOOK_EVERY)


@dataclass(frozen=True)
class CaughtUp:
    """What was done, in a sentence, and what could not be looked at."""

    told: str
    problems: Sequence[str]


async def catch_up(service: Service, clinic: str, *, everything: bool = False, most: int = MOST_SETTLED) -> CaughtUp:
    """Reconcile and sweep for one clinic. `everything`: bookings from before the installation as well."""
    since = None if everything else await service.store.turns.installed_at(clinic)
    reconciled = await service.reconcile.run(clinic, since, clock, most)
    swept = await service.sweep.run(clinic, clock)
    problems = [f"{_of(service, clinic)}{problem}" for problem in (*reconciled.problems, *swept.problems)]
    for problem in problems:
        log.warning("%s", problem)
    told = (
        f"{_of(service, clinic)}{reconciled.taken_in} bookings taken in, "
        f"{reconciled.settled} settled ({reconciled.looked_at} looked at); "
        f"{swept.heard} of {swept.seen} texts heard late"
    )
    return CaughtUp(told, problems)


def _of(service: Service, clinic: str) -> str:
    """Whose it is, where there are several."""
    return f"{clinic}: " if len(service.clinics) > 1 else ""
