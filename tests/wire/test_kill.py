"""`kill -9` between any two steps: after the next start every step has happened, and none has happened twice.

A dead worker's errand is free again when its lease is over (15 s). So as many patients as possible share one kill, each
of them held at another point, and what needs a kill of its own happens at the same time in a world of its own.
"""

import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.databases import KINDS
from tests.wire.fake_calcom import Booking
from tests.wire.fake_twilio import Text
from tests.wire.product import Product
from tests.wire.servers import PATIENCE
from tests.wire.stories import stories
from tests.wire.world import World

Moment = tuple[str, int]

HELD_BEFORE_THE_ANSWER: dict[str, Moment] = {
    "while the carrier holds the question, not accepted yet": ("text arrived", 1),
    "while the carrier holds the question, accepted": ("text accepted", 1),
    "while the carrier holds the question, and the patient answers at once": ("text accepted", 1),
    "while the carrier holds the question, and reports it at once": ("text accepted", 1),
}
LOOKED_UP, ANSWERED, REPORTED = list(HELD_BEFORE_THE_ANSWER)[1:]
HELD_AFTER_YES: dict[str, Moment] = {
    "while Cal.com holds the GET": ("look arrived", 1),
    "while Cal.com holds the confirm, not done yet": ("confirm arrived", 1),
    "while Cal.com holds the confirm, done": ("confirm done", 1),
    "while Cal.com holds the confirm, its webhook answered": ("echo answered", 1),
    "while Cal.com holds the GET after the confirm": ("look arrived", 2),
    "while the carrier holds the acknowledgement, not accepted yet": ("text arrived", 2),
    "while the carrier holds the acknowledgement, accepted": ("text accepted", 2),
}
HELD_AFTER_NO: dict[str, Moment] = {
    "while Cal.com holds the cancel, not done yet": ("cancel arrived", 1),
    "while Cal.com holds the cancel, its webhook answered": ("echo answered", 1),
    "while Cal.com holds the cancel, done": ("cancel done", 1),
}
HELD = HELD_BEFORE_THE_ANSWER | HELD_AFTER_YES | HELD_AFTER_NO
AT_REST = UNSENT, HEARD, ENDED = (
    "after the 200 to the webhook, before the question",
    "after the 200 to the YES",
    "at the end",
)
RIGHT_AFTER: dict[str, Moment] = {
    "right after the carrier's answer to the question": ("text answered", 1),
    "right after Cal.com's answer to the confirm": ("confirm answered", 1),
    "right after the carrier's answer to the acknowledgement": ("text answered", 2),
}

SEED = 1123
RANDOMLY: dict[str, str] = {f"+1202555014{number}": words for number, words in enumerate(["YES", "NO"] * 2 + ["YES"])}

SENT_ONCE_MORE = {"ON_DOUBT": "resend", "DOUBT_AFTER": "1s"}
LEFT_TO_STAFF = {"ON_DOUBT": "ask", "DOUBT_AFTER": "1s"}

CONFIRMED = ("confirmed", "accepted", ["accepted"])
CANCELLED = ("cancelled", "cancelled", ["cancelled"])


@dataclass(frozen=True)
class Ending:
    """What is to be seen of one booking at the end: our state, Cal.com's and how it came about, the kinds of the texts
    that reached the phone, how often the carrier was asked to send one, and what the audit tells."""

    uid: str
    ours: str
    theirs: str
    changes: list[str]
    texts: list[str]
    posts: int
    told: list[dict[str, Any]]
    product: Product

    @property
    def states(self) -> tuple[str, str, list[str]]:
        return self.ours, self.theirs, self.changes

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.told if event["event"] == name]


def endings(world: World, bookings: Iterable[Booking]) -> list[Ending]:
    told = stories(world.product.database)
    posts = [post.form["To"] for post in world.carrier.posts()]
    return [
        Ending(
            uid=booking.uid,
            ours=told[booking.uid].state,
            theirs=booking.status,
            changes=booking.changes,
            texts=[text.kind for text in world.carrier.texts_to(booking.phone)],
            posts=posts.count(booking.phone),
            told=told[booking.uid].events,
            product=world.product,
        )
        for booking in bookings
    ]


# One kill for all who can be held


class Gates:
    """Holds each phone's call at its moment."""

    def __init__(self, moments: Mapping[str, Moment]) -> None:
        self.moments = moments
        self.missing = set(moments)
        self._open = threading.Event()

    def watch(self, name: str, phone: str, nth: int) -> None:
        if self.moments.get(phone) == (name, nth):
            self.missing.discard(phone)
            self._open.wait(PATIENCE)

    def open(self) -> None:
        self._open.set()


def killed_together(database: str, folder: Path) -> dict[str, Ending]:
    """Each patient is at another point when the product is killed."""
    bookings = {when: a_booking(number) for number, when in enumerate([*HELD, *AT_REST], start=10)}
    gates = Gates({bookings[when].phone: moment for when, moment in HELD.items()})
    with World(folder, database, ASK_SETTLE="1s") as world:
        world.moments.watch = gates.watch
        world.carrier.lags |= {bookings[ANSWERED].phone, bookings[REPORTED].phone}
        bring_to_their_points(world, bookings, gates)
        world.product.kill()
        gates.open()
        world.product.start()
        world.carrier.say(bookings[ANSWERED].phone, "YES")
        world.carrier.report(world.carrier.texts_to(bookings[REPORTED].phone)[0], "sent")
        world.settle()
        for when in (UNSENT, *HELD_BEFORE_THE_ANSWER.keys() - {ANSWERED}):
            world.carrier.say(bookings[when].phone, "YES")
        world.settle()
        return dict(zip(bookings, endings(world, bookings.values()), strict=True))


def bring_to_their_points(world: World, bookings: Mapping[str, Booking], gates: Gates) -> None:
    def answer(when: str, words: str) -> None:
        phone = bookings[when].phone
        world.wait_until(lambda: len(world.carrier.texts_to(phone)) == 1, "the question is on the phone")
        world.carrier.say(phone, words)

    for when, booking in bookings.items():
        if when != UNSENT:
            world.book(booking)
    for when in (ENDED, *HELD_AFTER_YES):
        answer(when, "YES")
    for when in HELD_AFTER_NO:
        answer(when, "NO")
    world.wait_until(lambda: len(world.carrier.texts_to(bookings[ENDED].phone)) == 2, "one patient has an answer")
    world.wait_until(lambda: not gates.missing, "everybody else is held")
    world.book(bookings[UNSENT])  # its question is due in a second
    answer(HEARD, "YES")


def a_booking(number: int) -> Booking:
    return Booking(uid=f"bookingUid{number:011}", phone=f"+120255501{number}")


# A kill of one's own


def killed_right_after(moment: Moment, database: str, folder: Path) -> Ending:
    """The product is killed by the very thread that has just answered it."""
    with World(folder, database) as world:
        booking = a_booking(10)
        kill_at(world, moment)
        world.book(booking)
        world.settle()
        world.carrier.say(booking.phone, "YES")
        world.settle()
        return endings(world, [booking])[0]


def killed_while_losing(settings: Mapping[str, str], database: str, folder: Path) -> Ending:
    """The carrier loses the question while the product dies."""
    with World(folder, database, **settings) as world:
        booking = a_booking(10)
        world.carrier.loses.add(booking.phone)
        kill_at(world, ("text arrived", 1))
        world.book(booking)
        world.settle()
        return endings(world, [booking])[0]


def kill_at(world: World, moment: Moment) -> None:
    world.moments.watch = lambda name, phone, nth: world.product.kill() if (name, nth) == moment else None


def killed_at_random(database: str, folder: Path) -> dict[str, Ending]:
    """Five kills while five patients book, each of whom answers as soon as the question is on the phone. A text that
    had not left when its product died is sent once more."""
    chance = random.Random(SEED)
    with World(folder, database, **SENT_ONCE_MORE) as world:

        def answer(text: Text) -> None:
            if text.kind == "question":
                world.carrier.say(text.to, RANDOMLY[text.to])

        world.carrier.rings = answer
        bookings = {phone: Booking(uid=f"bookingUid{phone[1:]}", phone=phone) for phone in RANDOMLY}
        for booking in bookings.values():
            world.book(booking)
            kill_soon(world, chance.randint(1, 15))
            world.product.start()
        world.settle()
        return dict(zip(bookings, endings(world, bookings.values()), strict=True))


def kill_soon(world: World, moments: int) -> None:
    """Kill the product after so many more moments, or after a second where fewer happen."""
    kill, killed, left = world.product.killer(), threading.Event(), count(moments, -1)

    def watch(name: str, phone: str, nth: int) -> None:
        if next(left) == 1:
            kill()
            killed.set()

    world.moments.watch = watch
    killed.wait(1)
    kill()


# What must hold

Worlds = Mapping[str, "Future[Any]"]
WORLDS: dict[str, Callable[[str, Path], Any]] = {
    "together": killed_together,
    **{when: partial(killed_right_after, moment) for when, moment in RIGHT_AFTER.items()},
    "sent once more": partial(killed_while_losing, SENT_ONCE_MORE),
    "left to staff": partial(killed_while_losing, LEFT_TO_STAFF),
    "at random": killed_at_random,
}


@pytest.fixture(scope="module", params=KINDS)
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """Every world, all of them at once, on one kind of database."""
    with ThreadPoolExecutor(len(WORLDS)) as pool:
        yield {
            name: pool.submit(live, request.param, tmp_path_factory.mktemp("world")) for name, live in WORLDS.items()
        }


@pytest.mark.parametrize("when", [*HELD_BEFORE_THE_ANSWER, *HELD_AFTER_YES, *AT_REST])
def test_a_yes_confirms_once_and_each_text_reaches_the_phone_once(worlds: Worlds, when: str) -> None:
    end = worlds["together"].result()[when]
    assert end.product.lives == 2
    assert end.states == CONFIRMED, end.product.log()
    assert end.texts == ["question", "acknowledgement"], end.product.log()


@pytest.mark.parametrize("when", HELD_AFTER_NO)
def test_a_no_cancels_once_and_each_text_reaches_the_phone_once(worlds: Worlds, when: str) -> None:
    end = worlds["together"].result()[when]
    assert end.product.lives == 2
    assert end.states == CANCELLED, end.product.log()
    assert end.texts == ["question", "acknowledgement"], end.product.log()


@pytest.mark.parametrize("when", RIGHT_AFTER)
def test_an_answer_that_nobody_could_note_is_not_asked_for_twice(worlds: Worlds, when: str) -> None:
    end = worlds[when].result()
    assert end.product.lives == 2
    assert end.states == CONFIRMED, end.product.log()
    assert (end.texts, end.posts) == (["question", "acknowledgement"], 2), end.product.log()


@pytest.mark.parametrize(("when", "proof"), [(ANSWERED, "reply"), (REPORTED, "report"), (LOOKED_UP, "look-up")])
def test_whoever_proves_first_that_a_text_was_sent_settles_it(worlds: Worlds, when: str, proof: str) -> None:
    end = worlds["together"].result()[when]
    (sent,) = end.events("sms_sent")
    assert (sent["proved_by"], end.posts) == (proof, 2)


def test_a_lost_text_is_sent_once_more_where_the_clinic_wants_that(worlds: Worlds) -> None:
    end = worlds["sent once more"].result()
    assert end.product.lives == 2
    assert (end.ours, end.texts, end.posts) == ("sms_sent", ["question"], 2), end.product.log()


def test_a_lost_text_is_left_to_staff_where_the_clinic_wants_that(worlds: Worlds) -> None:
    end = worlds["left to staff"].result()
    assert end.product.lives == 2
    assert (end.ours, end.texts, end.posts) == ("requested", [], 1), end.product.log()
    assert len(end.events("handed_to_staff")) == 1


@pytest.mark.parametrize("phone", RANDOMLY)
def test_five_kills_at_random_lose_no_answer_and_repeat_no_step(worlds: Worlds, phone: str) -> None:
    end = worlds["at random"].result()[phone]
    assert end.product.lives == 6
    assert end.states == (CONFIRMED if RANDOMLY[phone] == "YES" else CANCELLED), end.product.log()
    assert end.texts == ["question", "acknowledgement"], end.product.log()
