"""This store's own secrets: keys that all processes of an installation share, wrapped as the patients' keys are."""

from dataclasses import dataclass

from adapters.storage import sealing
from adapters.storage.database import Database, Statement, Write
from adapters.storage.group_commit import GroupCommit

FIND = "SELECT sealed_key FROM store_secrets WHERE name = :name"
KEEP = "INSERT INTO store_secrets (name, sealed_key) VALUES (:name, :key) ON CONFLICT DO NOTHING"
WRAP = "UPDATE store_secrets SET sealed_key = :key WHERE name = :name"


@dataclass(frozen=True)
class StoredSecrets:
    """Secrets by their names."""

    database: Database
    commits: GroupCommit
    wrapping: sealing.Wrapping

    async def of(self, name: str) -> bytes:
        """The secret of this name, which the first who asks makes. Raises Misconfigured where ENCRYPTION_KEY is not its
        key."""
        found = await self.database.read(FIND, name=name)
        if not found:
            await self._store(KEEP, name, sealing.new_key())
            found = await self.database.read(FIND, name=name)
        stored = found[0]["sealed_key"]
        secret = self.wrapping.unwrap(stored, name)
        if self.wrapping.is_due(stored):  # the setting came later; from now on its absence is noticed at the start
            await self._store(WRAP, name, secret)
        return secret

    async def _store(self, sql: str, name: str, secret: bytes) -> None:
        sealed = self.wrapping.wrap(secret, name)
        await self.commits.commit(Write(statements=[Statement(sql, {"name": name, "key": sealed})]))
