"""The parts list: the only file that knows everyone. Importing it starts nothing."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters import calcom, twilio
from adapters.calcom import CalCom
from adapters.storage import migrations
from adapters.storage.database import Database
from adapters.storage.group_commit import GroupCommit
from adapters.storage.ledger import StoredLedger
from adapters.storage.outbox import StoredOutbox
from adapters.storage.sealing import Wrapping
from adapters.storage.views import Views
from adapters.twilio import Twilio
from domain.answers import Answers
from domain.calling import Calling
from domain.clinics import Clinic
from domain.confirmations import Confirmations
from domain.errors import Misconfigured
from domain.expiry import Expiry
from domain.outcomes import CalendarOutcomes, TextOutcomes
from domain.speech import Speech
from domain.texting import Texting
from entrypoints.settings import ServiceSettings, StoreSettings
from entrypoints.worker import Bell, Worker


def clock() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Store:
    """The database with everything that only needs the database."""

    database: Database
    ledger: StoredLedger
    outbox: StoredOutbox
    views: Views
    bell: Bell
    expiry: Expiry


@dataclass(frozen=True)
class Service:
    """Everything that `serve` runs. Carriers and calendars by the clinic's key."""

    store: Store
    confirmations: Confirmations
    answers: Answers
    text_outcomes: TextOutcomes
    calendars: Mapping[str, CalCom]
    carriers: Mapping[str, Twilio]
    worker: Worker


@asynccontextmanager
async def open_store(settings: StoreSettings, clinics: Mapping[str, Clinic]) -> AsyncIterator[Store]:
    """Raises Misconfigured where the file cannot be opened or its schema is not up to date."""
    if due := migrations.due(settings.path):
        raise Misconfigured([f"the database lacks {len(due)} migrations; run: replyes migrate"])
    database = Database(settings.path)
    bell = Bell()
    commits = GroupCommit(database)
    try:
        ledger = StoredLedger(database, commits, Wrapping(settings.encryption_key), bell.ring)
        await ledger.open()
        expiry = Expiry(ledger, clinics)
        yield Store(database, ledger, StoredOutbox(database, commits), Views(database), bell, expiry)
    finally:
        await commits.close()
        database.close()


@asynccontextmanager
async def open_service(
    store: Store, settings: ServiceSettings, clinics: Mapping[str, Clinic]
) -> AsyncIterator[Service]:
    """The service with its connections to the outside, which are closed at the end."""
    async with calcom.http_client() as calendar_client, twilio.http_client() as carrier_client:
        calendars = {key: CalCom(settings.calcom, calendar_client) for key in clinics}
        carriers = {key: Twilio(settings.twilio, carrier_client) for key in clinics}
        yield assemble(store, calendars, carriers, clinics, clock)


def assemble(
    store: Store,
    calendars: Mapping[str, CalCom],
    carriers: Mapping[str, Twilio],
    clinics: Mapping[str, Clinic],
    clock: Callable[[], datetime],
) -> Service:
    """The use cases and the worker around these adapters."""
    ledger, outbox = store.ledger, store.outbox
    text_outcomes = TextOutcomes(ledger, clinics)
    texting = Texting(Speech(ledger, clinics), text_outcomes, outbox, carriers, clock)
    calling = Calling(CalendarOutcomes(ledger, clinics), outbox, calendars, clock)
    return Service(
        store=store,
        confirmations=Confirmations(ledger, clinics),
        answers=Answers(ledger, clinics),
        text_outcomes=text_outcomes,
        calendars=calendars,
        carriers=carriers,
        worker=Worker(outbox, store.bell, store.expiry, texting, calling, clock=clock),
    )
