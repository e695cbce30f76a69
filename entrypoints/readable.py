"""The log for people to read, such as an auditor: what is private is opened, as far as its key exists, and no phone
number is whole. Nothing here can be imported."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapters.storage import unsealing
from adapters.storage.moving import exporting
from adapters.storage.moving.lines import Sheet
from domain.facts import Fact, Private
from entrypoints.audit import iso, name_of
from entrypoints.logs import mask, mask_address
from entrypoints.store import Store

TOLD_ALREADY = ("originator_id", "originator_version", "originator_topic", "timestamp")


async def export(store: Store, sheet: Sheet, tell: Callable[[int], None]) -> int:
    """Every fact in the log's order; returns how many."""
    facts = 0
    async for rows in exporting.log(store.database):
        opened = await unsealing.facts(store.database, store.ledger.wrapping, rows)
        for row, fact in zip(rows, opened, strict=True):
            sheet.write(document(row["position"], fact))
        facts += len(rows)
        tell(len(rows))
    return facts


def document(position: int, fact: Fact) -> dict[str, Any]:
    """One fact. What was erased is null."""
    details = {name: _readable(name, value) for name, value in vars(fact).items() if name not in TOLD_ALREADY}
    return {
        "kind": "fact",
        "position": position,
        "at": iso(fact.timestamp),
        "event": name_of(fact),
        "stream": fact.originator_id,
        "version": fact.originator_version,
        "details": details,
    }


def _readable(name: str, value: Any) -> Any:
    if isinstance(value, Private):
        value = value.text
    if name == "email" and isinstance(value, str):
        return mask_address(value)
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, list | tuple):
        return [_readable(name, one) for one in value]
    return value
