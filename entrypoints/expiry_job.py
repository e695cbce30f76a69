"""`replyes expire`: one pass over what is due, for cron: expiries first, so that nobody is reminded of what is over.
Running two at once does nothing twice."""

from datetime import datetime

from entrypoints.store import Store
from entrypoints.wiring import clock

MOST_TOLD = 1000


async def run(store: Store, now: datetime | None = None, *, dry_run: bool = False) -> tuple[str, bool]:
    """What was done, in a sentence, and whether something failed."""
    at = now or clock()
    if dry_run:
        overdue = [one for one in await store.ledger.overdue(at, MOST_TOLD) if store.expiry.is_ours(one)]
        to_remind = [one for one in await store.ledger.to_remind(at, MOST_TOLD) if store.reminders.is_ours(one)]
        reminders = [one for one in to_remind if one not in overdue]
        lines = [f"{len(overdue)} bookings would expire", *overdue]
        return "\n".join([*lines, f"{len(reminders)} patients would be reminded", *reminders]), False
    expired, reminded = await store.expiry.run(at, clock()), await store.reminders.run(at, clock())
    settled, failed = (
        expired.settled_meanwhile + reminded.settled_meanwhile,
        expired.failed + reminded.failed,
    )
    told = f"{expired.done} expired, {reminded.done} to be reminded, {settled} settled meanwhile, {failed} failed"
    return told, failed > 0
