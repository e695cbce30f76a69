"""Everything that can be known after a run: the product's own facts and views, and what the fakes have recorded."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from domain.conversation_facts import Heard
from domain.correspondence import TextSent
from domain.errands import Kind, errand_key
from domain.facts import Fact
from entrypoints.audit import lines, story
from entrypoints.store import Store
from tests import databases
from tests.crash.world import CrashWorld
from tests.wire.fake_calcom import Booking
from tests.wire.fake_twilio import Text
from tests.wire.servers import Request
from tests.wire.stories import asked

ACTS = re.compile(r"/v2/bookings/(\w+)/(confirm|cancel)")
LINES_SHOWN = 25
OURS = {  # what Cal.com may show for each of our states
    "confirmed": {"accepted"},
    "cancelled": {"cancelled", "rejected"},
    **{state: {"pending"} for state in ("requested", "sms_sent", "invalid_reply")},
}


@dataclass(frozen=True)
class Errand:
    """A row that is left in the outbox."""

    key: str
    kind: str
    stream: str
    status: str
    conversation: str


@dataclass
class Log:
    """The product's facts: of bookings by uid, of conversations by phone. `states` are those of the view."""

    bookings: dict[str, list[Fact]] = field(default_factory=dict)
    conversations: dict[str, list[Fact]] = field(default_factory=dict)
    streams: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)


class Evidence:
    """Read once, at the end of a run. `unheard` are texts that had been answered, and were not stored before the sweep
    looked for them."""

    def __init__(self, world: CrashWorld, unheard: set[str]) -> None:
        self.world = world
        self.unheard = unheard
        self.log: Log = asked(world.database, self._read)
        columns = "errand, kind, stream, status, conversation"
        self.outbox = [Errand(*row) for row in databases.seen(world.database, f"SELECT {columns} FROM outbox")]
        self.inbox: list[tuple[str, str, str]] = [
            (row[0], row[1], row[2])
            for row in databases.seen(world.database, "SELECT stream, reason, detail FROM staff_inbox")
        ]
        self.heard_messages: list[str] = databases.column(world.database, "SELECT message_id FROM heard_messages")

    async def _read(self, store: Store) -> Log:
        log = Log()
        for row in await store.views.bookings():
            log.bookings[row.uid] = await store.ledger.facts(row.stream)
            log.states[row.uid] = row.state
        for phone in self.world.by_phone:
            log.streams[phone] = store.ledger.conversation_id("main", phone)
            log.conversations[phone] = await store.ledger.facts(log.streams[phone])
        return log

    @property
    def texts(self) -> list[Text]:
        return self.world.carrier.texts

    @cached_property
    def heard(self) -> list[Heard]:
        return [fact for facts in self.log.conversations.values() for fact in facts if isinstance(fact, Heard)]

    @cached_property
    def acts(self) -> dict[str, list[tuple[str, Request]]]:
        """Calls to Cal.com that ask for a change, by uid; the probe's booking does not exist."""
        found = defaultdict(list)
        for request in self.world.calendar.requests:
            if request.method == "POST" and (act := ACTS.fullmatch(request.path)):
                found[act[1]].append((act[2], request))
        return {uid: acts for uid, acts in found.items() if uid in self.world.calendar.bookings}

    @cached_property
    def dead(self) -> dict[str, Errand]:
        """Errands that were handed to a person, by their keys."""
        return {errand.key: errand for errand in self.outbox if errand.status == "dead"}

    @cached_property
    def twins(self) -> set[str]:
        """Ids of texts that a look-up has taken for another errand's text with the same words to the same phone: the
        carrier's list does not tell them apart, and the patient neither."""
        texts, found = {text.sid: text for text in self.texts}, set()
        for phone in self.world.by_phone:
            for fact in self.facts(phone):
                text = texts.get(fact.message_id) if isinstance(fact, TextSent) and fact.words else None
                if text and text.key != fact.errand and (text.to, text.body) == (phone, fact.words.text):
                    found.add(text.sid)
        return found

    def dead_texts(self, phone: str) -> Counter[str]:
        """How many errands of each kind were handed to a person, among those to this phone."""
        stream = self.log.streams[phone]
        return Counter(errand.kind for errand in self.dead.values() if errand.conversation == stream)

    def facts(self, phone: str) -> list[Fact]:
        """Of the phone's conversation and of its bookings, each in its own order."""
        patient = self.world.by_phone[phone]
        return [
            *self.log.conversations[phone],
            *(fact for booking in patient.bookings for fact in self.log.bookings.get(booking.uid, [])),
        ]

    def bookings(self) -> Iterator[tuple[Booking, list[Fact]]]:
        """Every booking of Cal.com with our facts about it, [] where we have never heard of it."""
        for uid, booking in self.world.calendar.bookings.items():
            yield booking, self.log.bookings.get(uid, [])

    def logs(self) -> list[Path]:
        return sorted(self.world.folder.glob("*.log"))

    # -- For a person to read, where a rule is broken -----------------------------------------------------------

    def told(self, phone: str) -> str:
        """Everything about one phone: the audit, the requests, the patient, the lines of the logs."""
        patient = self.world.by_phone[phone]
        uids = [booking.uid for booking in patient.bookings]
        parts = [f"{patient.plan.name}: heard {patient.heard}, said {[said.meaning for said in patient.said]}"]
        parts += asked(self.world.database, lambda store: _audit(store, uids))
        requests = [*self.world.calendar.requests, *self.world.carrier.posts()]
        parts += [_shown(one) for one in requests if any(uid in one.path for uid in uids) or _is_to(one, phone)]
        parts += [f"{notice}" for notice in self.world.calendar.notices if notice.uid in uids]
        parts += [f"{said.text} {self.world.carrier.receipts[said.text.sid]}" for said in patient.said]
        parts += [f"left in the outbox: {one}" for one in self.outbox if one.conversation == self.log.streams[phone]]
        return "\n".join([*parts, *self._lines_about(phone, uids)])

    def _lines_about(self, phone: str, uids: list[str]) -> list[str]:
        sids = [said.text.sid for said in self.world.by_phone[phone].said]
        texts = self.world.carrier.texts_to(phone)
        keys = [text.key for text in texts] + [text.sid for text in texts]
        keys += [
            errand_key(fact.originator_id, fact.originator_version, kind) for fact in self.facts(phone) for kind in Kind
        ]
        wanted = re.compile("|".join(map(re.escape, [*uids, *sids, *keys])))
        return [
            f"{path.name}: {line}"
            for path in self.logs()
            for line in path.read_text().splitlines()
            if wanted.search(line)
        ][:LINES_SHOWN]


async def _audit(store: Store, uids: list[str]) -> list[str]:
    rows = [row for uid in uids for row in await store.views.bookings_of(uid)]
    return [line for row in rows for line in lines(await story(store, row))]


def _is_to(request: Request, phone: str) -> bool:
    return request.method == "POST" and request.path.endswith("/Messages.json") and request.form["To"] == phone


def _shown(request: Request) -> str:
    return f"{request.at:%H:%M:%S.%f} {request.method} {request.path} {request.body.decode()[:300]}"
