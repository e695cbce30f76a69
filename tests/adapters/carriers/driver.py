"""What the promises need to know of a carrier: how it answers a send, what it posts, how it signs. One file each."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, TypeVar

import httpx

from domain.errors import ReplyesError
from domain.inbound import Blame, Delivery
from domain.ports import Answer, Carrier, OutgoingText, RawRequest

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PATIENT, CLINIC = "+12025550143", "+12025550100"
KEY, OTHER_KEY = "d0" * 16, "e1" * 16
PUBLIC_URL = "https://replyes.example.org"
TEXTS, REPORTS = "/api/webhooks/sms", "/api/webhooks/sms/status"
QUESTION = OutgoingText(KEY, PATIENT, "Dr. Lee, Tue 10:30. Reply YES or NO – merci ☎", timedelta(hours=2))

T = TypeVar("T")
Handler = Callable[[httpx.Request], httpx.Response]


class Driver(ABC):
    """One carrier. Its clock stands at NOW, its account belongs to CLINIC, and its secrets are made up.

    `ids` are three ids as the carrier writes them; `dated` tells whether its signature has a date; `thanks` are its
    answers to a text and to a report; `refusals` are its statuses for errors, an unsigned request beside them.
    """

    name: ClassVar[str]
    ids: ClassVar[tuple[str, str, str]]
    dated: ClassVar[bool]
    thanks: ClassVar[tuple[Answer, Answer]]
    refusals: ClassVar[Mapping[type[ReplyesError], int]]
    unsigned_status: ClassVar[int]
    secrets: ClassVar[tuple[str, ...]]

    @abstractmethod
    def carrier(self, client: httpx.AsyncClient) -> Carrier:
        """The adapter with this network, and a time limit of 0.05 s."""

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

    def throttles(self) -> httpx.Response:
        """Too many sends; come again in 7 s."""
        return httpx.Response(429, headers={"Retry-After": "7"}, json={})

    def listed(self) -> httpx.Response | None:
        """Its list at NOW: a copy of QUESTION under the first of `ids`, a patient's YES under the second. None where
        it has no list."""
        return None

    def looked_up(self, request: httpx.Request) -> httpx.Response | None:
        """Its answer to one request of a look-up, where the list is told in more than one."""
        return self.listed()

    @property
    def sent_id(self) -> str:
        """The id of what we send; where the id is ours to give, it is the errand's key."""
        return self.ids[0]

    # -- What it posts

    @abstractmethod
    def text(self, words: str, message_id: str = "", *, pictures: int = 0, sender: str = PATIENT) -> RawRequest:
        """A patient's text, signed; `message_id` is by default the first of `ids`."""

    @abstractmethod
    def from_elsewhere(self) -> RawRequest:
        """A message over another channel than SMS, signed."""

    @abstractmethod
    def report(self, status: Delivery, key: str | None = KEY) -> RawRequest:
        """How far `sent_id` came, signed; its path and whatever else carries the key. Without one, the first of
        `ids`."""

    def report_of_opt_out(self) -> RawRequest | None:
        """The first of `ids` was held back, because the phone wants no texts; None where that is told at the call, or
        never."""
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

    def call(self, handler: Handler, work: Callable[[Carrier], Awaitable[T]]) -> T:
        """One piece of work against a carrier whose network is the handler."""

        async def main() -> T:
            async with self.client(handler) as client:
                return await work(self.carrier(client))

        return asyncio.run(main())

    def receiver(self) -> Carrier:
        """A carrier that only receives."""
        return self.carrier(self.client(lambda request: httpx.Response(500)))


def altered(request: RawRequest, body: bytes) -> RawRequest:
    """Another body under the signature of this request."""
    return replace(request, body=body)
