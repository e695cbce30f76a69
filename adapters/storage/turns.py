"""The port `Turns`: a row for each job, and whoever changes it first runs the job."""

from datetime import datetime, timedelta

from adapters.storage.database import Database, Statement, Write, milliseconds, moment
from adapters.storage.group_commit import GroupCommit

TAKE = """
INSERT INTO turns (job, due_at) VALUES (:job, :next)
ON CONFLICT (job) DO UPDATE SET due_at = excluded.due_at WHERE turns.due_at <= :now
RETURNING job
"""
FINISH = "UPDATE turns SET done_until = :until WHERE job = :job"
INSTALLED = """
SELECT value FROM installation WHERE name IN ('installed_at', 'installed_at ' || :clinic) ORDER BY name DESC LIMIT 1
"""


class StoredTurns:
    """Jobs that are run every so often by one of many processes."""

    def __init__(self, database: Database, commits: GroupCommit) -> None:
        self.database = database
        self.commits = commits

    async def take(self, job: str, now: datetime, every: timedelta) -> bool:
        """A look without a lock comes first: most of the time it is nobody's turn."""
        next_at = await self.next_at(job)
        if next_at is not None and next_at > now:
            return False
        parameters = {"job": job, "now": milliseconds(now), "next": milliseconds(now + every)}
        return bool(await self.commits.commit(Write(statements=[Statement(TAKE, parameters)])))

    async def next_at(self, job: str) -> datetime | None:
        """When the job's next turn comes."""
        found = await self.database.read("SELECT due_at FROM turns WHERE job = :job", job=job)
        return moment(found[0]["due_at"]) if found else None

    async def done_until(self, job: str) -> datetime | None:
        """Up to when the job's last complete run has looked."""
        found = await self.database.read("SELECT done_until FROM turns WHERE job = :job", job=job)
        return moment(found[0]["done_until"]) if found else None

    async def finish(self, job: str, until: datetime) -> None:
        """A job that is run by hand may have had no turn yet."""
        sql = "INSERT INTO turns (job, due_at) VALUES (:job, 0) ON CONFLICT DO NOTHING"
        made = Statement(sql, {"job": job})
        parameters = {"job": job, "until": milliseconds(until)}
        await self.commits.commit(Write(statements=[made, Statement(FINISH, parameters)]))

    async def installed_at(self, clinic: str) -> datetime | None:
        """A clinic that has not joined later was there when the database was first used."""
        found = await self.database.read(INSTALLED, clinic=clinic)
        return moment(int(found[0]["value"])) if found else None
