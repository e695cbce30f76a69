"""Rows of the log as facts, with whatever keys exist now; none is kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent

from adapters.storage import sealing
from adapters.storage.database import Database, Row
from domain.facts import Fact

KEYS = 40  # that are fetched at a time; drivers remember statements with few parameters

SEALED_KEYS = "SELECT owner, sealed_key FROM patient_keys WHERE owner IN ({owners})"


async def facts(database: Database, wrapping: sealing.Wrapping, found: Sequence[Row]) -> list[Fact]:
    """In the given order; what is private is readable while its key exists."""
    stored = [StoredEvent(row["originator_id"], row["originator_version"], row["topic"], row["state"]) for row in found]
    owners = sealing.owners_in(row["state"] for row in found)
    return sealing.to_facts(stored, await _keys(database, wrapping, owners))


async def _keys(database: Database, wrapping: sealing.Wrapping, owners: Iterable[str]) -> Mapping[str, bytes]:
    keys, wanted = {}, sorted(owners)
    for start in range(0, len(wanted), KEYS):
        some = wanted[start : start + KEYS]
        some += [some[-1]] * (KEYS - len(some))  # always as many: one text for the database to know
        names: dict[str, Any] = {f"owner_{number}": owner for number, owner in enumerate(some)}
        sql = SEALED_KEYS.replace("{owners}", ", ".join(f":{name}" for name in names))
        for row in await database.read(sql, **names):
            keys[row["owner"]] = wrapping.unwrap(row["sealed_key"], row["owner"])
    return keys
