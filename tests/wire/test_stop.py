"""SIGTERM: what is in hand is finished, requests under way are answered, the rest stays for the next process."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from entrypoints.worker import AT_ONCE
from tests.databases import KINDS, seen
from tests.wire.cluster import Cluster, bookings, cluster_on, stage
from tests.wire.fake_calcom import Booking, notice_of_request
from tests.wire.product import is_ready
from tests.wire.servers import PATIENCE

SOON = 3.0  # seconds; starting alone takes a good part of one
MORE = 5  # texts that one worker cannot take in hand together with the others


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Cluster]]:
    with stage(tmp_path_factory.mktemp("stage")) as make:
        yield make


@pytest.fixture(params=KINDS)
def cluster(request: pytest.FixtureRequest, tmp_path: Path, make: Callable[[str], Cluster]) -> Iterator[Cluster]:
    with cluster_on(request.param, tmp_path, make) as cluster:
        yield cluster


@contextmanager
def held(cluster: Cluster) -> Iterator[set[str]]:
    """The carrier has accepted each text and keeps its answer back until the end of the block. The phones of which it
    holds a text."""
    phones, gate = set[str](), threading.Event()

    def watch(name: str, phone: str, nth: int) -> None:
        if name == "text accepted":
            phones.add(phone)
            gate.wait(PATIENCE)

    cluster.carrier.moments.watch = watch
    try:
        yield phones
    finally:
        gate.set()


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_the_errands_in_hand_are_finished_and_the_rest_stays(cluster: Cluster, command: str) -> None:
    everybody = bookings(AT_ONCE + MORE)
    first = cluster.start_web()
    for booking in everybody:
        cluster.request(booking)
    first.kill()

    with held(cluster) as phones:
        life = cluster.start("worker") if command == "worker" else cluster.start_web("serve")
        cluster.wait_until(lambda: len(phones) == AT_ONCE, "the worker has both hands full")
        life.ask_to_stop()
        if command == "serve":
            cluster.wait_until(lambda: not is_ready(cluster.ports[-1]), "no more requests are taken")
    assert life.wait() == 0, life.log.read_text()

    states = cluster.states(everybody)
    asked = {booking.phone for booking in everybody if states[booking.uid] == "sms_sent"}
    assert asked == phones
    left = seen(cluster.database, "SELECT attempts, attempted_at, lease_until FROM outbox WHERE status = 'due'")
    assert left == [(0, None, 0)] * MORE

    cluster.start("worker")
    cluster.wait_until(lambda: set(cluster.states(everybody).values()) == {"sms_sent"}, "the rest is asked")
    assert sorted(text.to for text in cluster.carrier.texts) == sorted(booking.phone for booking in everybody)


@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_request_under_way_is_answered(cluster: Cluster, command: str) -> None:
    """The replica has read the head of a webhook and waits for its body when it is asked to stop."""
    (booking,) = bookings(1)
    life = cluster.start_web(command)
    with begun(cluster.ports[0], booking) as finish:
        life.ask_to_stop()
        cluster.wait_until(lambda: not is_ready(cluster.ports[0]), "no more requests are taken")
        assert finish() == 200
    assert life.wait() == 0, life.log.read_text()
    assert cluster.facts(booking)["requested"] == 1


@contextmanager
def begun(port: int, booking: Booking) -> Iterator[Callable[[], int]]:
    """A webhook up to its body, for which the replica has asked; call what is given to send it, and for the status of
    the answer."""
    body, headers = notice_of_request(booking)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.putrequest("POST", "/api/webhooks/cal")
    for name, value in {**headers, "Content-Length": str(len(body)), "Expect": "100-continue"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.sock.recv(1000).startswith(b"HTTP/1.1 100 ")

    def finish() -> int:
        connection.send(body)
        return connection.getresponse().status

    try:
        yield finish
    finally:
        connection.close()


@pytest.mark.parametrize("command", ["serve", "web", "worker"])
def test_who_has_nothing_in_hand_stops_at_once(cluster: Cluster, command: str) -> None:
    life = cluster.start("worker") if command == "worker" else cluster.start_web(command)
    if command == "worker":
        cluster.wait_until(lambda: "a worker on" in life.log.read_text(), "the worker works")
    asked_at = time.monotonic()
    life.ask_to_stop()
    assert life.wait() == 0, life.log.read_text()
    assert time.monotonic() - asked_at < SOON
