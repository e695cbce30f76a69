"""Patients with a plan: what each of them answers to which text, and what has become of that."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tests.wire.fake_calcom import Booking
from tests.wire.fake_twilio import Inbound

WORDS = {
    "yes": ("YES", "yes", "Yes please", "yep", "ok yes", "👍", "Yes, thank you!", "I confirm", "sure", "confirmed"),
    "no": ("NO", "no", "nope", "No thanks", "I can't make it", "please cancel", "👎", "no sorry", "cannot come"),
    "unclear": ("maybe", "can I bring my son?", "Yes or no?", "hm", "is there a car park?"),
}
LONG = 200  # bookings from which a run is long anyway
SLOWEST = 2.0  # seconds that a patient takes to answer

# How our texts begin or what they hold, and what they are to a patient. The first that fits counts.
READS = (
    ("2 appointments to confirm", "question about both"),
    ("Reply YES to confirm", "question"),
    ("please reply YES", "clarification"),
    ("Confirmed", "confirmed"),
    ("No problem", "cancelled"),
    ("", "other"),
)


def read(body: str) -> str:
    """What a text is to a patient."""
    return next(kind for words, kind in READS if words in body)


@dataclass(frozen=True)
class Plan:
    """What a patient answers to which kind of text, each once. `twice`: the carrier posts the answer twice at once;
    `host` is what the host does with the booking, whatever the patient says. `weight` is how many patients of a hundred
    are of this kind. `is_slow`: when the host's webhook is lost, reconcile lets the booking alone for a minute."""

    name: str
    weight: float
    answers: Mapping[str, str] = field(default_factory=dict)
    twice: bool = False
    host: str = ""
    bookings: int = 1
    is_slow: bool = False

    @cached_property
    def texts(self) -> list[str]:
        """The texts that come of it when nothing goes wrong and no host interferes; what decides several bookings is
        acknowledged at least once."""
        found = ["question about both" if self.bookings > 1 else "question"]
        while answer := self.answers.get(found[-1]):
            found += {"yes": ["confirmed"], "no": ["cancelled"], "unclear": ["clarification"]}[answer]
        return found


PLANS = (
    Plan("yes", 34, {"question": "yes"}),
    Plan("no", 16, {"question": "no"}),
    Plan("unclear, then yes", 8, {"question": "unclear", "clarification": "yes"}),
    Plan("unclear, then no", 4, {"question": "unclear", "clarification": "no"}),
    Plan("yes, later no", 8, {"question": "yes", "confirmed": "no"}),
    Plan("the same yes twice", 8, {"question": "yes"}, twice=True),
    Plan("silence", 5),
    Plan("yes for two", 2, {"question about both": "yes"}, bookings=2),
    Plan("no for two", 1, {"question about both": "no"}, bookings=2),
    Plan("the host confirms", 4, host="accepted"),
    Plan("the host declines", 3, host="rejected"),
    Plan("the host cancels", 2, host="cancelled"),
    Plan("yes, and the host cancels", 3, {"question": "yes"}, host="cancelled", is_slow=True),
    Plan("no, and the host confirms", 2, {"question": "no"}, host="accepted", is_slow=True),
)


@dataclass(frozen=True)
class Said:
    """What a patient has said, what it means, and the text as the carrier has taken it in."""

    meaning: str
    text: Inbound


@dataclass
class Patient:
    """`heard` are the kinds of the texts on the phone, in their order."""

    number: int
    plan: Plan
    bookings: list[Booking]
    heard: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    begun_at: float = 0.0

    @property
    def phone(self) -> str:
        return self.bookings[0].phone

    @property
    def is_done(self) -> bool:
        return len(self.heard) >= len(self.plan.texts)

    def hear(self, body: str) -> str | None:
        """What the patient answers to this text: a meaning, or None."""
        kind = read(body)
        is_first = kind not in self.heard
        self.heard.append(kind)
        return self.plan.answers.get(kind) if is_first else None

    @property
    def decision(self) -> str | None:
        """The last thing that the patient has said and that decides."""
        return next((said.meaning for said in reversed(self.said) if said.meaning != "unclear"), None)


def patients(bookings: int, seed: int) -> list[Patient]:
    """So many bookings, shared out among patients by chance. Every plan is there as soon as there is room for it; what
    is slow is left to long runs."""
    chance = random.Random(seed)
    known = [plan for plan in PLANS if bookings >= LONG or not plan.is_slow]
    plans = [plan for plan in known if bookings >= 2 * len(known)]
    left = bookings - sum(plan.bookings for plan in plans)
    while left > 0:
        plan = chance.choices(known, [plan.weight for plan in known])[0]
        if plan.bookings <= left:
            plans.append(plan)
            left -= plan.bookings
    chance.shuffle(plans)
    return [_patient(number, plan) for number, plan in enumerate(plans)]


def _patient(number: int, plan: Plan) -> Patient:
    phone = f"+1206{5_550_000 + number}"
    bookings = [Booking(f"crash{number:07}n{which}", "Sarah Jones", phone) for which in range(plan.bookings)]
    return Patient(number, plan, bookings)
