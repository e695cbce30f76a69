"""The port `Outbox`: errands are claimed by changing one row, with a lease on the database's own clock."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.storage import rows
from adapters.storage.database import Database, Row, Statement, Write, milliseconds, moment
from adapters.storage.group_commit import GroupCommit
from domain.channels import Channel, Condition, pause
from domain.errands import Claimed, Errand, Kind, Says
from domain.ledger import Attempt, GivenUp

CLAIM = """
UPDATE outbox SET lease_until = {now} + :lease, attempts = attempts + 1
WHERE errand IN (
    SELECT mine.errand FROM outbox AS mine
    WHERE mine.status = 'due' AND mine.due_at <= :now AND mine.lease_until <= {now}
      AND (:channel = '' OR (mine.clinic = :clinic AND mine.channel = :channel))
      AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
                      WHERE earlier.lane = mine.lane AND earlier.version < mine.version AND earlier.status = 'due')
    ORDER BY CASE WHEN mine.kind IN ('ask', 'ask_by_sms', 'ask_by_whatsapp', 'ask_by_email', 'remind') THEN 1
             ELSE 0 END, mine.due_at, mine.queued_at LIMIT :limit
) AND lease_until <= {now}
RETURNING *
"""
DUE = "SELECT 1 FROM outbox WHERE status = 'due' AND due_at <= :now AND lease_until <= {now} LIMIT 1"
WAITING = """
SELECT due.clinic, due.channel, coalesce(free_at, 0) - {now} AS ahead, coalesce(shut_until, 0) AS shut_until,
       coalesce(trips, 0) AS trips
FROM (SELECT DISTINCT clinic, channel FROM outbox
      WHERE status = 'due' AND due_at <= :now AND lease_until <= {now}) AS due
LEFT JOIN channels ON channels.clinic = due.clinic AND channels.channel = due.channel
ORDER BY due.clinic, due.channel
"""
TAKE_TURN = """
INSERT INTO channels (clinic, channel, free_at) VALUES (:clinic, :channel, {now} + :span)
ON CONFLICT (clinic, channel) DO UPDATE
    SET free_at = CASE WHEN channels.free_at > {now} THEN channels.free_at ELSE {now} END + :span
RETURNING free_at - :span - {now} AS wait
"""
TRIPS = "SELECT trips FROM channels WHERE clinic = :clinic AND channel = :channel"
TRIP = """
INSERT INTO channels (clinic, channel, shut_until, trips, why) VALUES (:clinic, :channel, :until, :trips, :why)
ON CONFLICT (clinic, channel) DO UPDATE SET trips = excluded.trips, why = excluded.why,
    shut_until = excluded.shut_until WHERE channels.shut_until <= :now
RETURNING trips
"""
PAUSE = """
INSERT INTO channels (clinic, channel, shut_until, why) VALUES (:clinic, :channel, :until, :why)
ON CONFLICT (clinic, channel) DO UPDATE SET shut_until = excluded.shut_until, why = excluded.why
    WHERE channels.shut_until < excluded.shut_until
"""
REOPEN = "UPDATE channels SET shut_until = 0, trips = 0, why = '' WHERE clinic = :clinic AND channel = :channel"
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

    async def waiting(self, now: datetime) -> list[Condition]:
        """The channels for which something is due. A look without a lock, so that an idle worker never waits for a
        writer."""
        return [_condition(row) for row in await self.database.read(WAITING, now=milliseconds(now))]

    async def claim(self, now: datetime, limit: int, through: Condition | None = None) -> list[Claimed]:
        """Errands that were due and in nobody's hands, and are this worker's now."""
        at = milliseconds(now)
        if not await self.database.read(DUE, now=at):
            return []
        door = {"clinic": through.clinic if through else "", "channel": str(through.channel) if through else ""}
        claimed = await self._store(Statement(CLAIM, {"now": at, "limit": limit, "lease": rows.LEASE_MS, **door}))
        in_order = sorted(claimed, key=lambda row: (row["due_at"], row["queued_at"]))  # RETURNING has none
        probes = through is not None and through.trips > 0
        return [replace(_claimed(row), probes=probes) for row in in_order]

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

    async def take_turn_to_send(self, clinic: str, seconds: float) -> float:
        """On the database's clock, which all workers share."""
        parameters = {"clinic": clinic, "channel": str(Channel.SMS), "span": round(seconds * 1000)}
        booked = await self._store(Statement(TAKE_TURN, parameters))
        return max(0.0, int(booked[0]["wait"]) / 1000)

    async def trip(self, claimed: Claimed, now: datetime, why: str) -> bool:
        """Of several errands that are refused at the same time, one finds this to be news."""
        door = _door(claimed)
        known = await self.database.read(TRIPS, **door)
        trips = known[0]["trips"] + 1 if known else 1
        parameters = {"now": milliseconds(now), "until": milliseconds(now + pause(trips)), "trips": trips}
        return bool(await self._store(Statement(TRIP, {**door, **parameters, "why": why[:500]}))) and trips == 1

    async def pause(self, claimed: Claimed, until: datetime, why: str) -> None:
        """A pause is never shortened."""
        await self._store(Statement(PAUSE, {**_door(claimed), "until": milliseconds(until), "why": why[:500]}))

    async def reopen(self, claimed: Claimed) -> None:
        """All is well again."""
        await self._store(Statement(REOPEN, _door(claimed)))

    async def next_due(self, after: datetime) -> datetime | None:
        """When the next errand becomes due that is not due yet at `after`."""
        sql = "SELECT min(due_at) AS due_at FROM outbox WHERE status = 'due' AND due_at > :after"
        return moment((await self.database.read(sql, after=milliseconds(after)))[0]["due_at"])

    async def _store(self, statement: Statement) -> list[Row]:
        return await self.commits.commit(Write(statements=[statement]))


def _door(claimed: Claimed) -> dict[str, str]:
    return {"clinic": claimed.errand.clinic, "channel": str(claimed.errand.kind.channel)}


def _condition(row: Row) -> Condition:
    return Condition(
        clinic=row["clinic"],
        channel=Channel(row["channel"]),
        ahead=timedelta(milliseconds=max(0, row["ahead"])),
        shut_until=moment(row["shut_until"] or None),
        trips=row["trips"],
    )


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
