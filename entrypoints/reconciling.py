"""`replyes reconcile`: everything that webhooks missed, now."""

import sys

from entrypoints import plan as planning
from entrypoints.rounds import catch_up
from entrypoints.settings import environment
from entrypoints.store import open_store
from entrypoints.wiring import open_service


async def run(*, everything: bool) -> tuple[str, list[str]]:
    """What was done, and what could not be looked at, in sentences. Raises Misconfigured."""
    plan = planning.plan(environment())
    planning.prepare(plan.store.url, clinics=plan.clinics)
    async with (
        open_store(plan.store, plan.clinics) as store,
        open_service(store, plan.services, plan.clinics, plan.desk.public_url) as service,
    ):
        done = [await catch_up(service, key, everything=everything, most=sys.maxsize) for key in plan.clinics]
    return "\n".join(one.told for one in done), [problem for one in done for problem in one.problems]
