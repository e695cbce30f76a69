"""The store: the database with everything that needs nothing else. All that most commands open."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.storage import migrations, opening
from adapters.storage.database import Database
from adapters.storage.desk import DeskViews
from adapters.storage.group_commit import GroupCommit
from adapters.storage.ledger import StoredLedger
from adapters.storage.outbox import StoredOutbox
from adapters.storage.sealing import Wrapping
from adapters.storage.secrets import StoredSecrets
from adapters.storage.turns import StoredTurns
from adapters.storage.views import Views
from domain.clinics import Clinic
from domain.errors import Misconfigured
from domain.expiry import Expiry
from domain.reminders import Reminders
from entrypoints.bell import Bell
from entrypoints.settings import StoreSettings


@dataclass(frozen=True)
class Store:
    """An open store."""

    database: Database
    commits: GroupCommit
    ledger: StoredLedger
    outbox: StoredOutbox
    turns: StoredTurns
    views: Views
    desk_views: DeskViews
    secrets: StoredSecrets
    bell: Bell
    clinics: Mapping[str, Clinic]
    expiry: Expiry
    reminders: Reminders


@asynccontextmanager
async def open_store(settings: StoreSettings, clinics: Mapping[str, Clinic]) -> AsyncIterator[Store]:
    """Raises Misconfigured where the database cannot be opened or its schema is not up to date."""
    if due := migrations.due(settings.url):
        raise Misconfigured([f"the database lacks {len(due)} migrations; run: replyes migrate"])
    database = opening.database(settings.url)
    bell = Bell()
    commits = GroupCommit(database)
    try:
        wrapping = Wrapping(settings.encryption_key)
        ledger = StoredLedger(database, commits, wrapping, bell.ring)
        await ledger.open()
        yield Store(
            database=database,
            commits=commits,
            ledger=ledger,
            outbox=StoredOutbox(database, commits),
            turns=StoredTurns(database, commits),
            views=Views(database),
            desk_views=DeskViews(database),
            secrets=StoredSecrets(database, commits, wrapping),
            bell=bell,
            clinics=clinics,
            expiry=Expiry(ledger, clinics),
            reminders=Reminders(ledger, clinics),
        )
    finally:
        await commits.close()
        await database.close()
