"""Two things at the same moment, by real processes on one database: what wins, and which facts there are afterwards.

Whatever the timing, one of the endings of the table is what comes out. `python -m tests.wire.test_concurrency` lets
them meet, and prints the table with how often each ending came out.
"""

import re
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.databases import KINDS, column
from tests.wire.cluster import Cluster, at_once, bookings, cluster_on, stage
from tests.wire.fake_calcom import Booking, notice_of_request
from tests.wire.fake_twilio import new_sid
from tests.wire.stories import names, stories

BEGUN = "SELECT uid FROM bookings WHERE state = ? LIMIT 1"
LATER = "--now", "2100-01-01T00:00:00Z"

Facts = Mapping[str, int]


@dataclass(frozen=True)
class Case:
    """Two things that meet. `endings`: for each way in which it may end, how often each of these facts tells of the
    booking; no fact that is named in one of them occurs more often."""

    name: str
    wins: str
    endings: Sequence[Facts]
    meet: Callable[[Cluster, Sequence[Booking]], None]
    patients: int = 8


def same_webhook(cluster: Cluster, everybody: Sequence[Booking]) -> None:
    for booking in everybody:
        notice = notice_of_request(booking)
        told = at_once(*(partial(cluster.request, booking, replica, notice) for replica in range(2)))
        assert sorted(told) == ["accepted", "duplicate"]


def same_reply(cluster: Cluster, everybody: Sequence[Booking]) -> None:
    cluster.start("worker")
    cluster.ask(everybody)
    for booking in everybody:
        sid = new_sid()
        said = at_once(*(partial(cluster.say, booking, "YES", replica, sid) for replica in range(2)))
        assert said == [200, 200]
    cluster.settle()
    assert {booking.status for booking in everybody} == {"accepted"}
    assert texts(cluster, everybody) == [["question", "acknowledgement"]] * len(everybody)


def yes_and_no(cluster: Cluster, everybody: Sequence[Booking]) -> None:
    cluster.start("worker")
    cluster.ask(everybody)
    for booking in everybody:
        said = at_once(partial(cluster.say, booking, "YES", 0), partial(cluster.say, booking, "NO", 1))
        assert said == [200, 200]
    cluster.settle()
    assert {booking.status for booking in everybody} == {"cancelled"}


def reply_and_expiry(cluster: Cluster, everybody: Sequence[Booking]) -> None:
    """The expiry begins with the first booking, the patients with the last."""
    cluster.start("worker")
    cluster.ask(everybody)
    expiring = threading.Thread(target=cluster.run, args=["expire", *LATER])
    expiring.start()
    cluster.wait_until(lambda: bool(column(cluster.database, BEGUN, "expired")), "the expiry has begun")
    for booking in reversed(everybody):
        assert cluster.say(booking, "YES") == 200
    expiring.join()
    cluster.settle()
    states = cluster.states(everybody)
    for booking in everybody:
        assert booking.status == ("accepted" if states[booking.uid] == "confirmed" else "pending")


def two_expiries(cluster: Cluster, everybody: Sequence[Booking]) -> None:
    cluster.start("worker")
    cluster.ask(everybody)
    done = at_once(*[lambda: cluster.run("expire", *LATER)] * 2)
    assert sum(number(one.output, r"(\d+) expired") for one in done) == len(everybody)


def two_workers(cluster: Cluster, everybody: Sequence[Booking]) -> None:
    for booking in everybody:
        cluster.request(booking)
    for _ in range(2):
        cluster.start("worker")
    cluster.settle()
    assert texts(cluster, everybody) == [["question"]] * len(everybody)


def two_reconciles(cluster: Cluster, everybody: Sequence[Booking]) -> None:
    cluster.calendar.bookings |= {booking.uid: booking for booking in everybody}
    done = at_once(*[lambda: cluster.run("reconcile")] * 2)
    assert sum(number(one.output, r"(\d+) bookings taken in") for one in done) == len(everybody)


def webhook_and_reconcile(cluster: Cluster, everybody: Sequence[Booking]) -> None:
    """Reconcile begins with the first booking, the webhooks with the last."""
    cluster.calendar.bookings |= {booking.uid: booking for booking in everybody}
    reconciling = threading.Thread(target=cluster.run, args=["reconcile"])
    reconciling.start()
    cluster.wait_until(lambda: bool(column(cluster.database, BEGUN, "requested")), "reconcile has begun")
    for booking in reversed(everybody):
        assert cluster.request(booking) in ("accepted", "duplicate")
    reconciling.join()


ASKED = {"requested": 1, "booking_joined": 1, "question_asked": 1, "sms_sent": 1, "text_sent": 1}
CASES = (
    Case(
        "the same webhook at two replicas",
        "who commits first; the other finds it known and says so",
        [{"requested": 1, "booking_joined": 1}],
        same_webhook,
    ),
    Case(
        "the same reply (one MessageSid) at two replicas",
        "who commits first; the other finds it heard and answers 200",
        [{"heard": 1, "confirmed": 1, "calendar_agreed": 1, "text_sent": 2}],
        same_reply,
    ),
    Case(
        "YES and NO of one patient at two replicas",
        "NO: before YES it decides and YES is too late, after YES it changes the decision",
        [
            {"heard": 2, "confirmed": 1, "changed_mind": 1, "cancelled": 0},
            {"heard": 2, "confirmed": 0, "changed_mind": 0, "cancelled": 1, "handed_to_staff": 1},
        ],
        yes_and_no,
    ),
    Case(
        "a reply and the expiry",
        "who commits first; a reply that loses is too late, and a person is told",
        [
            {"heard": 1, "confirmed": 1, "expired": 0},
            {"heard": 1, "confirmed": 0, "expired": 1, "handed_to_staff": 2},
        ],
        reply_and_expiry,
        patients=40,
    ),
    Case(
        "two expiry runs",
        "who commits first; the other finds it settled",
        [{"expired": 1, "handed_to_staff": 1}],
        two_expiries,
        patients=20,
    ),
    Case(
        "two workers and many errands",
        "who claims an errand first; the other leaves it alone",
        [ASKED],
        two_workers,
        patients=40,
    ),
    Case(
        "two reconcile runs",
        "who commits first; the other finds it known",
        [{"requested": 1, "booking_joined": 1}],
        two_reconciles,
        patients=20,
    ),
    Case(
        "a webhook and reconcile with the same booking",
        "who commits first; the other finds it known",
        [{"requested": 1, "booking_joined": 1}],
        webhook_and_reconcile,
        patients=40,
    ),
)


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Cluster]]:
    with stage(tmp_path_factory.mktemp("stage")) as make:
        yield make


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_two_things_at_once(kind: str, case: Case, tmp_path: Path, make: Callable[[str], Cluster]) -> None:
    assert None not in endings(case, kind, tmp_path, make)


def endings(case: Case, kind: str, folder: Path, make: Callable[[str], Cluster]) -> Counter[int | None]:
    """How often each ending came out, by its place in the list; None is one that should not be."""
    with cluster_on(kind, folder, make) as cluster:
        cluster.start_web()
        cluster.start_web()
        everybody = bookings(case.patients)
        case.meet(cluster, everybody)
        told = stories(cluster.database)
        return Counter(ending(case, Counter(names(told[booking.uid]))) for booking in everybody)


def ending(case: Case, facts: Counter[str]) -> int | None:
    fits = (all(facts[name] == times for name, times in one.items()) for one in case.endings)
    return next((place for place, one in enumerate(fits) if one), None)


def texts(cluster: Cluster, everybody: Sequence[Booking]) -> list[list[str]]:
    """The kinds of the texts on each phone."""
    return [[text.kind for text in cluster.carrier.texts_to(booking.phone)] for booking in everybody]


def number(told: str, pattern: str) -> int:
    found = re.search(pattern, told)
    assert found, told
    return int(found[1])


def lines() -> Iterator[str]:
    """The table in Markdown."""
    yield f"| at the same moment | what wins | facts of one booking | {' | '.join(KINDS)} |"
    yield "|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as name, stage(Path(name)) as make:
        for place, case in enumerate(CASES):
            folder = Path(name, str(place))
            folder.mkdir()
            found = [endings(case, kind, folder, make) for kind in KINDS]
            for which, facts in enumerate(case.endings):
                told = ", ".join(f"{times} `{fact}`" for fact, times in facts.items() if times)
                times = " | ".join(f"{one[which]} of {case.patients}" for one in found)
                yield f"| {case.name} | {case.wins} | {told} | {times} |"


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line}\n")
