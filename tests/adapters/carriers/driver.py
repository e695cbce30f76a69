"""What the promises need to know of a carrier: how it answers a send, what it posts, how it signs. One file each."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import httpx

from adapters.common.whatsapp import WhatsApp
from domain.errors import ReplyesError
from domain.inbound import Blame, Delivery
from domain.ports import Answer, Carrier, OutgoingText, RawRequest
from domain.ways import Way

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PATIENT, CLINIC, CLINICS_WHATSAPP = "+12025550143", "+12025550100", "+12025550188"
SHORT_CODE, NAME = "12345", "Dr Lee"
KEY, OTHER_KEY = "d0" * 16, "e1" * 16
PUBLIC_URL = "https://replyes.example.org"
TEXTS, REPORTS = "/api/webhooks/sms", "/api/webhooks/sms/status"
QUESTION = OutgoingText(KEY, PATIENT, "Dr. Lee, Tue 10:30. Reply YES or NO – merci ☎", timedelta(hours=2))
BY_WHATSAPP = replace(QUESTION, by=Way.WHATSAPP, blanks=("Dr. Lee", "Tue 10:30,\n  Wed\t9:00", " "), language="de")
FILLED_IN = ["Dr. Lee", "Tue 10:30, Wed 9:00", "–"]  # what WhatsApp takes of these blanks
FREE = replace(QUESTION, by=Way.WHATSAPP, body="Confirmed. See you Tuesday!")

T = TypeVar("T")
Handler = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True)
class Said:
    """One text of a patient, with as many pictures, to this number of this pool."""

    words: str
    message_id: str
    pictures: int = 0
    sender: str = PATIENT
    recipient: str = CLINIC
    pool: str = ""


class Driver(ABC):
    """One carrier. Its clock stands at NOW, its account belongs to CLINIC, and its secrets are made up.

    `ids` are three ids as the carrier writes them; `dated` tells whether its signature has a date, `signs_fields`
    whether it signs what a form says instead of its bytes; `thanks` are its answers to a text and to a report;
    `refusals` are its statuses for errors, an unsigned request beside them.

    Where an account may be set up otherwise, `short`, `named` and `pooled` are the settings of one that sends from
    SHORT_CODE, from NAME and from a pool of numbers (and that pool), and `templates` what it calls the words that were
    approved for WhatsApp, in English and in German; None where the carrier has no such thing.
    """

    name: ClassVar[str]
    ids: ClassVar[tuple[str, str, str]]
    dated: ClassVar[bool]
    thanks: ClassVar[tuple[Answer, Answer]]
    refusals: ClassVar[Mapping[type[ReplyesError], int]]
    unsigned_status: ClassVar[int]
    secrets: ClassVar[tuple[str, ...]]
    signs_fields: ClassVar[bool] = False
    short: ClassVar[Mapping[str, object] | None] = {"sender": SHORT_CODE}
    named: ClassVar[Mapping[str, object] | None] = {"sender": NAME}
    pooled: ClassVar[tuple[Mapping[str, object], str] | None] = None
    templates: ClassVar[tuple[str, str] | None] = None

    @abstractmethod
    def carrier(self, client: httpx.AsyncClient, **changes: object) -> Carrier:
        """The adapter with this network, a time limit of 0.05 s, and these settings otherwise."""

    @abstractmethod
    def client(self, handler: Handler) -> httpx.AsyncClient:
        """The adapter's own client, on a network that is the handler."""

    # -- What it answers

    @abstractmethod
    def accepts(self) -> httpx.Response:
        """A send is taken, under the first of `ids`."""

    @abstractmethod
    def refuses(self, blame: Blame, words: str = "no") -> httpx.Response | None:
        """A send is refused for this reason, with these words; None where the carrier never tells that at the call."""

    def asked_in(self, request: httpx.Request) -> tuple[str, list[str], str, str]:
        """(template, blanks, to, from) of a text in approved words, as it left; numbers in E.164."""
        raise NotImplementedError

    def said_in(self, request: httpx.Request) -> tuple[str, str, str]:
        """(words, to, from) of a free text by WhatsApp, as it left; numbers in E.164."""
        raise NotImplementedError

    def listed(self) -> httpx.Response | None:
        """Its list at NOW: a copy of QUESTION under the first of `ids`, a patient's YES under the second. None where
        it has no list."""
        return None

    def listed_by_whatsapp(self) -> httpx.Response | None:
        """Its list at NOW: copies of BY_WHATSAPP and of FREE under the first two of `ids`, a patient's YES under the
        third. None where it has no list, or no WhatsApp."""
        return None

    def looked_up(self, request: httpx.Request) -> httpx.Response | None:
        """Its answer to one request of a look-up, where the list is told in more than one."""
        return self.listed()

    @property
    def sent_id(self) -> str:
        """The id of what we send; where the id is ours to give, it is the errand's key."""
        return self.ids[0]

    # -- What it posts

    def text(self, words: str, message_id: str = "", **told: Any) -> RawRequest:
        """A patient's text, signed; `message_id` is by default the first of `ids`."""
        return self.texted(Said(words, message_id or self.ids[0], **told))

    @abstractmethod
    def texted(self, said: Said) -> RawRequest:
        """The same, whatever can be told of it."""

    def by_whatsapp(self, words: str, *, button: bool = False, recipient: str = CLINICS_WHATSAPP) -> RawRequest:
        """The same by WhatsApp, typed or on a button that was touched."""
        raise NotImplementedError

    @abstractmethod
    def from_elsewhere(self) -> RawRequest:
        """A message over another channel than SMS, signed."""

    @abstractmethod
    def report(self, status: Delivery, key: str | None = KEY) -> RawRequest:
        """How far `sent_id` came, signed; its path and whatever else carries the key. Without one, the first of
        `ids`."""

    def report_blaming(self, blame: Blame | None, key: str = KEY) -> RawRequest | None:
        """The first of `ids` did not arrive, for this reason, or for one that passes; None where the carrier never
        tells that in a report."""
        return None

    def report_of_reading(self) -> RawRequest | None:
        """The first of `ids` was read by WhatsApp."""
        return None

    # -- How it signs

    @abstractmethod
    def signed(self, path: str, body: bytes, *, at: datetime = NOW, secret: str = "") -> RawRequest:
        """Any body, with the signature that the carrier makes for it; `secret` is by default the right one."""

    @abstractmethod
    def unsigned(self, request: RawRequest) -> RawRequest:
        """The same without a signature."""

    def stale(self, request: RawRequest) -> RawRequest:
        """The same, signed long ago."""
        return self.signed(request.path, request.body, at=NOW - timedelta(days=30))

    def forged(self, request: RawRequest) -> RawRequest:
        """The same, signed by somebody who does not know the secret."""
        return self.signed(request.path, request.body, secret="guessed-by-a-stranger-0123456789abcd")

    # -- How it is used

    def call(self, handler: Handler, work: Callable[[Carrier], Awaitable[T]], **changes: object) -> T:
        """One piece of work against a carrier whose network is the handler."""

        async def main() -> T:
            async with self.client(handler) as client:
                return await work(self.carrier(client, **changes))

        return asyncio.run(main())

    def receiver(self, **changes: object) -> Carrier:
        """A carrier that only receives."""
        return self.carrier(self.client(lambda request: httpx.Response(500)), **changes)

    @property
    def speaking(self) -> dict[str, object]:
        """The settings of an account that is set up for WhatsApp."""
        assert self.templates is not None
        return {"whatsapp": WhatsApp(CLINICS_WHATSAPP, dict(zip(("en", "de"), self.templates, strict=True)))}


def altered(request: RawRequest, body: bytes) -> RawRequest:
    """Another body under the signature of this request."""
    return replace(request, body=body)
