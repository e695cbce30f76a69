"""The parts list: the only file that knows everyone. Importing it starts nothing."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters import android, calcom, telnyx, twilio, vonage
from adapters.android import AndroidGateway, AndroidSettings
from adapters.calcom import CalCom
from adapters.telnyx import Telnyx, TelnyxSettings
from adapters.twilio import Twilio, TwilioSettings
from adapters.vonage import Vonage, VonageSettings
from domain.answers import Answers
from domain.calling import Calling
from domain.clinics import Clinic
from domain.confirmations import Confirmations
from domain.desk import Desk
from domain.handling import Handling
from domain.outcomes import CalendarOutcomes, TextOutcomes
from domain.ports import Carrier
from domain.reconcile import Reconcile
from domain.speech import Speech
from domain.sweep import Sweep
from domain.texting import Texting
from entrypoints.carriers import CarrierSettings
from entrypoints.settings import ServiceSettings
from entrypoints.store import Store
from entrypoints.worker import Worker


def clock() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Service:
    """Everything that `serve` runs. Carriers and calendars by the clinic's key."""

    store: Store
    confirmations: Confirmations
    answers: Answers
    text_outcomes: TextOutcomes
    reconcile: Reconcile
    sweep: Sweep
    desk: Desk
    handling: Handling
    clinics: Mapping[str, Clinic]
    calendars: Mapping[str, CalCom]
    carriers: Mapping[str, Carrier]
    worker: Worker


@asynccontextmanager
async def open_service(
    store: Store, settings: Mapping[str, ServiceSettings], clinics: Mapping[str, Clinic]
) -> AsyncIterator[Service]:
    """The service with its connections to the outside, which are closed at the end. `settings` by the clinic's key."""
    async with AsyncExitStack() as stack:
        calendar_client = await stack.enter_async_context(calcom.http_client())
        calendars = {key: CalCom(one.calcom, calendar_client) for key, one in settings.items()}
        carriers = {key: await stack.enter_async_context(open_carrier(one.carrier)) for key, one in settings.items()}
        yield assemble(store, calendars, carriers, clinics, clock)


@asynccontextmanager
async def open_carrier(settings: CarrierSettings) -> AsyncIterator[Carrier]:
    """The carrier whose settings these are, with its connection."""
    match settings:
        case TwilioSettings():
            async with twilio.http_client() as client:
                yield Twilio(settings, client)
        case VonageSettings():
            async with vonage.http_client() as client:
                yield Vonage(settings, client, clock)
        case TelnyxSettings():
            async with telnyx.http_client() as client:
                yield Telnyx(settings, client, clock)
        case AndroidSettings():
            async with android.http_client() as client:
                yield AndroidGateway(settings, client, clock)


def assemble(
    store: Store,
    calendars: Mapping[str, CalCom],
    carriers: Mapping[str, Carrier],
    clinics: Mapping[str, Clinic],
    clock: Callable[[], datetime],
) -> Service:
    """The use cases and the worker around these adapters."""
    ledger, outbox = store.ledger, store.outbox
    confirmations, answers = Confirmations(ledger, clinics), Answers(ledger, clinics)
    text_outcomes = TextOutcomes(ledger, clinics)
    reconcile = Reconcile(ledger, confirmations, calendars)
    texting = Texting(Speech(ledger, clinics), text_outcomes, outbox, carriers, reconcile=reconcile, clock=clock)
    calling = Calling(CalendarOutcomes(ledger, clinics), outbox, calendars, clock)
    return Service(
        store=store,
        confirmations=confirmations,
        answers=answers,
        text_outcomes=text_outcomes,
        reconcile=reconcile,
        sweep=Sweep(answers, store.turns, carriers),
        desk=Desk(ledger, clinics),
        handling=Handling(text_outcomes, outbox, store.views),
        clinics=clinics,
        calendars=calendars,
        carriers=carriers,
        worker=Worker(store, clinics, texting, calling, clock=clock),
    )
