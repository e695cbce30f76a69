"""`replyes expire`: one pass over what is due, for cron. Running two at once does nothing twice."""

from datetime import datetime

from entrypoints.store import Store
from entrypoints.wiring import clock

MOST_TOLD = 1000


async def run(store: Store, now: datetime | None, *, dry_run: bool) -> tuple[str, bool]:
    """What was done, in a sentence, and whether something failed."""
    at = now or clock()
    if dry_run:
        due = await store.ledger.overdue(at, MOST_TOLD)
        return "\n".join([f"{len(due)} bookings would expire", *due]), False
    done = await store.expiry.run(at, clock())
    told = f"{done.expired} expired, {done.settled_meanwhile} settled meanwhile, {done.failed} failed"
    return told, done.failed > 0
