"""`replyes export` and `replyes import`: the whole store in a file, and a file in an empty store."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from typing import BinaryIO

from adapters.storage import migrations, opening
from adapters.storage.database import Database
from adapters.storage.group_commit import GroupCommit
from adapters.storage.moving import checking, exporting, importing
from adapters.storage.moving.lines import Sheet
from adapters.storage.replay import COUNT, Replay
from adapters.storage.sealing import Wrapping
from entrypoints import private_files, readable
from entrypoints.settings import StoreSettings
from entrypoints.store import Store
from entrypoints.wiring import clock

Progress = Callable[[int, str], AbstractContextManager[Callable[[int], None]]]

WARNING = "whoever has this file has the patients' data"
NEEDS_THE_KEY = "an import of it needs the same ENCRYPTION_KEY"


async def export(store: Store, name: str, progress: Progress, *, for_people: bool) -> str:
    """What was done, and what it means, in a sentence. `name` is a file that is not there yet, or `-` for stdout.
    `for_people`: readable, but not to be imported."""
    facts = int((await store.database.read(COUNT))[0]["facts"])
    with private_files.new(name) as file, progress(facts, "reading the log") as tell:
        sheet = Sheet(file)
        sheet.head(clock(), facts, readable=for_people)
        if for_people:
            facts = await readable.export(store, sheet, tell)
        else:
            facts = await exporting.export(store.database, sheet, tell)
        sheet.end()
    needs = [] if for_people or not store.ledger.wrapping.wraps else [NEEDS_THE_KEY]
    return "; ".join([f"{facts} facts exported", WARNING, *needs])


async def bring_in(settings: StoreSettings, name: str, progress: Progress) -> str:
    """What was done, in a sentence. `name` is a file, or `-` for stdin. Raises ReplyesError: then nothing else works on
    the database until an import has come to its end, or there is nothing in it."""
    with private_files.opened(name) as file:
        migrations.migrate(settings.url)
        database = opening.database(settings.url)
        commits = GroupCommit(database)
        try:
            facts = await _bring_in(database, commits, settings, file, progress)
        finally:
            await commits.close()
            await database.close()
    return f"{facts} facts imported"


async def _bring_in(
    database: Database, commits: GroupCommit, settings: StoreSettings, file: BinaryIO, progress: Progress
) -> int:
    wrapping = Wrapping(settings.encryption_key)
    await importing.refuse_a_used_store(database)
    facts = checking.check(file, wrapping, await importing.columns(database))
    bringing_in = importing.Import(database, commits, importing.begin(settings.url), facts)
    with progress(facts, "storing the log") as tell:
        await bringing_in.store(file, tell)
    with importing.told_what_to_do(), closing(Replay(database, commits, wrapping)) as replay:
        with progress(facts, "reading the log") as tell:
            await replay.read(tell)
        await replay.compare(lambda _: None, mends=True)
    await bringing_in.finish()
    return facts
