"""The load balancer in front of the web replicas: it takes the next one where nobody listens, and repeats nothing."""

import http.client
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PATIENCE = 15.0  # seconds: so long does a carrier wait for an answer
REFUSED = 0  # nobody listened anywhere
DROPPED = -1  # the connection ended without an answer


@dataclass(frozen=True)
class Receipt:
    """What became of one request: the status of its answer, or REFUSED, or DROPPED. `port` is who had it last."""

    status: int
    port: int

    @property
    def is_taken(self) -> bool:
        """Whether the product has said that it has it."""
        return 200 <= self.status < 300


class Balancer:
    """Posts once, to a replica by chance."""

    def __init__(self, ports: Sequence[int], seed: int) -> None:
        self.ports = ports
        self._chance = random.Random(seed)

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, not_to: int = 0) -> Receipt:
        """`not_to`: the replica that is tried last."""
        ports = sorted(self.ports, key=lambda port: (port == not_to, self._chance.random()))
        for port in ports:
            status = _posted(port, path, body, headers)
            if status != REFUSED:
                break
        return Receipt(status, port)


def _posted(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.connect()
    except OSError:
        return REFUSED
    try:
        connection.request("POST", path, body, dict(headers))
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return DROPPED
    finally:
        connection.close()
    return response.status
