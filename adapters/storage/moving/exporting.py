"""The log and what stands beside it, into a file. The service may go on writing: facts and the rows that come of them
are one commit, so rows that were read while the log rested belong to just this log."""

from collections.abc import AsyncIterator, Callable
from tempfile import TemporaryFile
from typing import BinaryIO

from adapters.storage import retelling
from adapters.storage.database import Database, Row
from adapters.storage.moving import lines
from adapters.storage.moving.lines import Sheet
from adapters.storage.scratch import View, pages
from domain.errors import ReplyesError

LOOKS = 100


async def log(database: Database, after: int = 0) -> AsyncIterator[list[Row]]:
    """The rows of the log behind this position, to its end, so many at a time."""
    while found := await database.read(retelling.LOG, after=after, limit=retelling.BATCH):
        yield found
        after = found[-1]["position"]


async def export(database: Database, sheet: Sheet, tell: Callable[[int], None]) -> int:
    """Everything that another store needs to go on; returns how many facts. Raises ReplyesError where the log never
    rests."""
    position, facts = 0, 0
    for _ in range(LOOKS + 1):
        async for found in log(database, position):
            for row in found:
                sheet.write(lines.fact(row))
            position, facts = found[-1]["position"], facts + len(found)
            tell(len(found))
        if await _is_told_beside(database, sheet, position):
            return facts
    raise ReplyesError("the log never rests; stop the service while it is exported")


async def _is_told_beside(database: Database, sheet: Sheet, position: int) -> bool:
    """Write the tables, unless the log has grown behind this position meanwhile."""
    with TemporaryFile() as kept:  # without a name, so nobody else can open it
        await _keep_tables(database, kept)
        if await database.read(retelling.LOG, after=position, limit=1):
            return False
        kept.seek(0)
        for line in kept:
            sheet.add(line)
    return True


async def _keep_tables(database: Database, kept: BinaryIO) -> None:
    for table, key in lines.TABLES.items():
        async for found in pages(database, View(table, key, ())):
            kept.writelines(lines.encoded(lines.row(table, row)) + b"\n" for row in found.values())
