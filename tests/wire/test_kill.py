"""`kill -9` between any two steps: after the next start every step has happened, and none has happened twice.

Some of these stories wait until a dead worker's lease is over (15 s), so all of them are lived at the same time.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.wire.fakes import Booking
from tests.wire.world import World

Moment = tuple[str, int]

WHEN_YES: dict[str, Moment] = {
    "after the webhook's 200, before the send": ("request answered", 1),
    "while the carrier holds the question, not accepted yet": ("text arrived", 1),
    "while the carrier holds the question, accepted": ("text accepted", 1),
    "right after the carrier's answer": ("text answered", 1),
    "after the 200 to the patient's YES": ("reply answered", 1),
    "while Cal.com holds the GET": ("look arrived", 1),
    "right after the answer to the GET": ("look answered", 1),
    "while Cal.com holds the confirm, not done yet": ("confirm arrived", 1),
    "while Cal.com holds the confirm, done": ("confirm done", 1),
    "while Cal.com holds the confirm, its webhook answered": ("echo answered", 1),
    "right after the answer to the confirm": ("confirm answered", 1),
    "while Cal.com holds the GET after the confirm": ("look arrived", 2),
    "right after the answer to the GET after the confirm": ("look answered", 2),
    "while the carrier holds the acknowledgement, not accepted yet": ("text arrived", 2),
    "while the carrier holds the acknowledgement, accepted": ("text accepted", 2),
    "right after the carrier's answer to the acknowledgement": ("text answered", 2),
}
WHEN_NO: dict[str, Moment] = {
    "after the 200 to the patient's NO": ("reply answered", 1),
    "while Cal.com holds the cancel, not done yet": ("cancel arrived", 1),
    "while Cal.com holds the cancel, its webhook answered": ("echo answered", 1),
    "while Cal.com holds the cancel, done": ("cancel done", 1),
    "right after the answer to the cancel": ("cancel answered", 1),
}
ONCE = ("requested", "question_asked", "question_put", "sms_sent", "heard", "calendar_agreed")
SEED = 1123


@dataclass(frozen=True)
class Ending:
    """What is to be seen of one booking at the end. `texts` are the kinds of those that reached the phone."""

    ours: str
    theirs: str
    changes: list[str]
    texts: list[str]
    posts: int
    events: list[dict[str, Any]]
    lives: int
    log: str

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == name]


def ending(world: World, booking: Booking) -> Ending:
    told = world.product.audit(booking.uid)
    return Ending(
        ours=told["state"],
        theirs=booking.status,
        changes=booking.changes,
        texts=[text.kind for text in world.carrier.texts_to(booking.phone)],
        posts=len([post for post in world.carrier.posts() if post.form["To"] == booking.phone]),
        events=told["events"],
        lives=world.product.lives,
        log=world.product.log(),
    )


# The stories


def kill_at(world: World, moment: Moment) -> None:
    """Kill the product as soon as this moment is reached, before anything else happens."""
    world.moments.watch = lambda name, nth: world.product.kill() if (name, nth) == moment else None


def killed_at(moment: Moment, words: str, folder: Path) -> Ending:
    """The main job, with a kill in it."""
    with World(folder, ASK_SETTLE="1s") as world:
        booking = Booking()
        kill_at(world, moment)
        world.book(booking)
        world.settle()
        world.carrier.say(booking.phone, words)
        world.settle()
        return ending(world, booking)


def killed_at_the_end(folder: Path) -> Ending:
    with World(folder) as world:
        booking = Booking()
        world.book(booking)
        world.settle()
        world.carrier.say(booking.phone, "YES")
        world.settle()
        world.product.kill()
        world.settle()
        return ending(world, booking)


def killed_while_asking(
    then: Callable[[World, Booking], object], folder: Path, loses: int = 0, **settings: str
) -> Ending:
    """The product dies while the carrier holds the question; what happens `then` is up to the story."""
    with World(folder, **settings) as world:
        booking = Booking()
        world.carrier.loses = loses
        kill_at(world, ("text arrived" if loses else "text accepted", 1))
        world.book(booking)
        for _ in world.wait_until("the product is killed"):
            if not world.product.is_alive:
                break
        world.product.start()
        then(world, booking)
        world.settle()
        return ending(world, booking)


def patient_answers(world: World, booking: Booking) -> None:
    world.carrier.say(booking.phone, "YES")


def carrier_reports(world: World, booking: Booking) -> None:
    world.carrier.report(world.carrier.texts[0], "sent")


def nobody_speaks(world: World, booking: Booking) -> None:
    """Until the product has found out by itself."""


def killed_five_times(folder: Path) -> list[Ending]:
    """Five patients, each of whom answers as soon as the question is on the phone, and five kills."""
    chance = random.Random(SEED)
    with World(folder) as world:
        world.carrier.rings = lambda text: text.kind == "question" and world.carrier.say(text.to, ANSWERS[text.to])
        bookings = [Booking(f"bookingUid{phone[1:]}", f"Sarah {phone}", phone) for phone in ANSWERS]
        for booking in bookings:
            world.book(booking)
            kill_soon(world, chance.randint(1, 15))
            world.product.start()
        world.settle()
        return [ending(world, booking) for booking in bookings]


ANSWERS = {f"+1202555014{number}": words for number, words in enumerate(["YES", "NO", "YES", "NO", "YES"])}


def kill_soon(world: World, moments: int) -> None:
    """Kill the product after so many moments, or after a second where less than that happens."""
    kill, killed, left = world.product.killer(), threading.Event(), count(moments, -1)

    def watch(name: str, nth: int) -> None:
        if next(left) == 1:
            kill()
            killed.set()

    world.moments.watch = watch
    killed.wait(1)
    kill()


STORIES: dict[str, Callable[[Path], Any]] = {
    **{when: partial(killed_at, moment, "YES") for when, moment in WHEN_YES.items()},
    **{when: partial(killed_at, moment, "NO") for when, moment in WHEN_NO.items()},
    "at the end": killed_at_the_end,
    "patient": partial(killed_while_asking, patient_answers),
    "report": partial(killed_while_asking, carrier_reports),
    "list": partial(killed_while_asking, nobody_speaks),
    "resend": partial(killed_while_asking, nobody_speaks, loses=1, ON_DOUBT="resend", DOUBT_AFTER="1s"),
    "ask staff": partial(killed_while_asking, nobody_speaks, loses=1, ON_DOUBT="ask", DOUBT_AFTER="1s"),
    "five times": killed_five_times,
}


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Any]]]:
    """Every story, each in a world of its own, all at once."""
    with ThreadPoolExecutor(len(STORIES)) as pool:
        yield {name: pool.submit(story, tmp_path_factory.mktemp("world")) for name, story in STORIES.items()}


# What must hold


@pytest.mark.parametrize("when", [*WHEN_YES, "at the end"])
def test_a_yes_is_asked_for_confirmed_and_acknowledged_once(stories: Mapping[str, Future[Ending]], when: str) -> None:
    end = stories[when].result()
    assert end.lives == 2, f"there was no kill {when}\n{end.log}"
    assert (end.ours, end.theirs, end.changes) == ("confirmed", "accepted", ["accepted"]), end.log
    assert end.texts == ["question", "acknowledgement"], end.log
    assert [len(end.named(name)) for name in (*ONCE, "confirmed")] == [1] * (len(ONCE) + 1), end.events


@pytest.mark.parametrize("when", WHEN_NO)
def test_a_no_is_asked_for_cancelled_and_acknowledged_once(stories: Mapping[str, Future[Ending]], when: str) -> None:
    end = stories[when].result()
    assert end.lives == 2, f"there was no kill {when}\n{end.log}"
    assert (end.ours, end.theirs, end.changes) == ("cancelled", "cancelled", ["cancelled"]), end.log
    assert end.texts == ["question", "acknowledgement"], end.log
    assert [len(end.named(name)) for name in (*ONCE, "cancelled")] == [1] * (len(ONCE) + 1), end.events


@pytest.mark.parametrize(("who", "proof"), [("patient", "reply"), ("report", "report"), ("list", "look-up")])
def test_whoever_proves_the_send_first_settles_it(stories: Mapping[str, Future[Ending]], who: str, proof: str) -> None:
    end = stories[who].result()
    (sent,) = end.named("sms_sent")
    assert sent["proved_by"] == proof, end.log
    assert end.posts == len(end.texts)
    assert Counter(end.texts)["question"] == 1


def test_a_text_that_the_carrier_lost_is_sent_once_more_where_the_clinic_wants_that(
    stories: Mapping[str, Future[Ending]],
) -> None:
    end = stories["resend"].result()
    assert (end.ours, end.texts, end.posts) == ("sms_sent", ["question"], 2), end.log


def test_a_text_whose_fate_stays_unknown_is_not_sent_again_and_goes_to_staff(
    stories: Mapping[str, Future[Ending]],
) -> None:
    end = stories["ask staff"].result()
    assert (end.ours, end.texts, end.posts) == ("requested", [], 1), end.log
    assert len(end.named("handed_to_staff")) == 1


def test_five_kills_at_random_moments_lose_no_answer_and_repeat_no_step(
    stories: Mapping[str, Future[list[Ending]]],
) -> None:
    ends = stories["five times"].result()
    wanted = {"YES": ("confirmed", "accepted", ["accepted"]), "NO": ("cancelled", "cancelled", ["cancelled"])}
    for end, words in zip(ends, ANSWERS.values(), strict=True):
        assert end.lives == 6, end.log
        assert (end.ours, end.theirs, end.changes) == wanted[words], end.log
        assert end.texts == ["question", "acknowledgement"], end.log
