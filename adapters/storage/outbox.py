"""The port `Outbox`: errands are claimed by changing one row, with a lease on the database's own clock."""

import json
from datetime import datetime

from adapters.storage import rows
from adapters.storage.database import Database, Row, Statement, Write, milliseconds, moment
from adapters.storage.group_commit import GroupCommit
from domain.errands import Claimed, Errand, Kind, Says
from domain.ledger import Attempt, GivenUp

CLAIM = """
UPDATE outbox SET lease_until = {now} + :lease, attempts = attempts + 1
WHERE errand IN (
    SELECT mine.errand FROM outbox AS mine
    WHERE mine.status = 'due' AND mine.due_at <= :now AND mine.lease_until <= {now}
      AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
                      WHERE earlier.lane = mine.lane AND earlier.version < mine.version AND earlier.status = 'due')
    ORDER BY mine.due_at, mine.queued_at LIMIT :limit
) AND lease_until <= {now}
RETURNING *
"""
PUT_BACK = """
UPDATE outbox SET lease_until = 0, due_at = :due_at, note = :note, resent = resent + :resent,
    attempted_at = CASE WHEN :attempted = 1 THEN attempted_at ELSE NULL END
WHERE errand = :errand AND attempts = :attempts
"""


class StoredOutbox:
    """The errands that are still to be carried out."""

    def __init__(self, database: Database, commits: GroupCommit) -> None:
        self.database = database
        self.commits = commits

    async def claim(self, now: datetime, limit: int) -> list[Claimed]:
        """Errands that were due and in nobody's hands, and are this worker's now. A look without a lock comes first,
        so that an idle worker never waits for a writer."""
        at = milliseconds(now)
        due = "SELECT 1 FROM outbox WHERE status = 'due' AND due_at <= :now AND lease_until <= {now} LIMIT 1"
        if not await self.database.read(due, now=at):
            return []
        parameters = {"now": at, "limit": limit, "lease": rows.LEASE_MS}
        claimed = await self._store(Statement(CLAIM, parameters))
        in_order = sorted(claimed, key=lambda row: (row["due_at"], row["queued_at"]))  # RETURNING has none
        return [_claimed(row) for row in in_order]

    async def get(self, key: str) -> Claimed | None:
        """One errand, whoever holds it."""
        found = await self.database.read("SELECT * FROM outbox WHERE errand = :key", key=key)
        return _claimed(found[0]) if found else None

    async def mark(self, attempt: Attempt) -> None:
        """Note that the errand is about to be carried out."""
        await self._store(rows.attempted(attempt))

    async def put_back(
        self, claimed: Claimed, due_at: datetime, why: str, *, attempted: bool, resent: bool = False
    ) -> None:
        """Give the errand back, to be claimed again from `due_at` on."""
        parameters = {"due_at": milliseconds(due_at), "attempted": int(attempted), "resent": int(resent)}
        await self._store(Statement(PUT_BACK, parameters | _note(claimed, why)))

    async def give_up(self, gone: GivenUp) -> None:
        """Keep the errand where people can see it, but claim it no more."""
        await self._store(rows.given_up(gone))

    async def next_due(self, after: datetime) -> datetime | None:
        """When the next errand becomes due that is not due yet at `after`."""
        sql = "SELECT min(due_at) AS due_at FROM outbox WHERE status = 'due' AND due_at > :after"
        return moment((await self.database.read(sql, after=milliseconds(after)))[0]["due_at"])

    async def _store(self, statement: Statement) -> list[Row]:
        return await self.commits.commit(Write(statements=[statement]))


def _note(claimed: Claimed, why: str) -> dict[str, object]:
    return {"errand": claimed.errand.key, "attempts": claimed.attempts, "note": why[:500]}


def _claimed(row: Row) -> Claimed:
    queued_at = moment(row["queued_at"])
    if queued_at is None:
        raise ValueError("an errand without a date")
    errand = Errand(
        stream=row["stream"],
        version=row["version"],
        kind=Kind(row["kind"]),
        clinic=row["clinic"],
        queued_at=queued_at,
        conversation=row["conversation"],
        bookings=tuple(json.loads(row["bookings"])),
        says=Says(row["says"]) if row["says"] else None,
        due_at=moment(row["due_at"] or None),
        lane=row["lane"],
    )
    return Claimed(
        errand=errand,
        attempts=row["attempts"],
        attempted_at=moment(row["attempted_at"]),
        text=row["text"],
        resent=bool(row["resent"]),
    )
