"""The parts list: the only file that knows everyone. Importing it starts nothing."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters import android, calcom, telnyx, twilio, vonage
from adapters.android import AndroidGateway, AndroidSettings
from adapters.calcom import CalCom
from adapters.smtp import Smtp
from adapters.telnyx import Telnyx, TelnyxSettings
from adapters.twilio import Twilio, TwilioSettings
from adapters.vonage import Vonage, VonageSettings
from domain.answers import Answers
from domain.calling import Calling
from domain.channels import Channel
from domain.clinics import Clinic
from domain.confirmations import Confirmations
from domain.desk import Desk
from domain.handling import Handling
from domain.link_answers import LinkAnswers
from domain.mailing import Mailing, Writing
from domain.offering import Offering
from domain.outcomes import CalendarOutcomes, TextOutcomes
from domain.ports import Carrier, Mailer
from domain.reconcile import Reconcile
from domain.speech import Speech
from domain.sweep import Sweep
from domain.texting import Texting
from entrypoints.carriers import CarrierSettings
from entrypoints.link.tokens import Tokens, open_links
from entrypoints.settings import ServiceSettings
from entrypoints.store import Store
from entrypoints.worker import Worker


def clock() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Doors:
    """What the service speaks with, by the clinic's key; a clinic without a mailer asks nobody by e-mail."""

    calendars: Mapping[str, CalCom]
    carriers: Mapping[str, Carrier]
    mailers: Mapping[str, Mailer] = field(default_factory=dict)


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
    link_answers: LinkAnswers
    tokens: Tokens
    clock: Callable[[], datetime]
    clinics: Mapping[str, Clinic]
    calendars: Mapping[str, CalCom]
    carriers: Mapping[str, Carrier]
    worker: Worker


@asynccontextmanager
async def open_service(
    store: Store, settings: Mapping[str, ServiceSettings], clinics: Mapping[str, Clinic], public_url: str
) -> AsyncIterator[Service]:
    """The service with its connections to the outside, which are closed at the end. `settings` by the clinic's key."""
    async with AsyncExitStack() as stack:
        calendar_client = await stack.enter_async_context(calcom.http_client())
        calendars = {key: CalCom(one.calcom, calendar_client) for key, one in settings.items()}
        carriers = {key: await stack.enter_async_context(open_carrier(one.carrier)) for key, one in settings.items()}
        mailers = {key: Smtp(one.smtp, clock) for key, one in settings.items() if one.smtp}
        tokens = await open_links(store.secrets, public_url)
        yield assemble(store, Doors(calendars, carriers, mailers), clinics, clock, tokens)


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
    store: Store, doors: Doors, clinics: Mapping[str, Clinic], clock: Callable[[], datetime], tokens: Tokens
) -> Service:
    """The use cases and the worker around these adapters. `tokens` make the confirm links."""
    ledger, outbox = store.ledger, store.outbox
    confirmations, answers = Confirmations(ledger, clinics), Answers(ledger, clinics)
    text_outcomes = TextOutcomes(ledger, clinics)
    reconcile = Reconcile(ledger, confirmations, doors.calendars)
    links = Offering(tokens.to, doors.carriers)
    speech, writing = Speech(ledger, clinics, links), Writing(ledger, clinics, links)
    texting = Texting(speech, text_outcomes, outbox, doors.carriers, reconcile=reconcile, clock=clock)
    mailing = Mailing(writing, text_outcomes, outbox, doors.mailers, clock)
    calling = Calling(CalendarOutcomes(ledger, clinics), outbox, doors.calendars, clock)
    deliveries = {Channel.SMS: texting, Channel.EMAIL: mailing, Channel.CALENDAR: calling}
    return Service(
        store=store,
        confirmations=confirmations,
        answers=answers,
        text_outcomes=text_outcomes,
        reconcile=reconcile,
        sweep=Sweep(answers, store.turns, doors.carriers),
        desk=Desk(ledger, clinics),
        handling=Handling(text_outcomes, outbox, store.views),
        clinics=clinics,
        calendars=doors.calendars,
        carriers=doors.carriers,
        link_answers=LinkAnswers(text_outcomes, outbox),
        tokens=tokens,
        clock=clock,
        worker=Worker(store, clinics, deliveries, clock=clock),
    )
