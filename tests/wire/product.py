"""The product as a process of its own: one folder, one port, one database, and any number of lives."""

import http.client
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.databases import column
from tests.wire.servers import PATIENCE, within

REPLYES = Path(sys.executable).with_name("replyes")
LOG_SHOWN = 6_000  # characters


# Below those that the system gives to outgoing connections: nobody takes one while the product behind it is dead.
PORTS = itertools.cycle(random.sample(range(20_000, 30_000), 10_000))
STARTING = threading.BoundedSemaphore(os.cpu_count() or 1)  # a start is nothing but work: more at once only wait


def free_port() -> int:
    """A port that nobody listens on."""
    for port in PORTS:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("PORTS never ends")


def is_ready(port: int) -> bool:
    """Whether the replica on this port can take webhooks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Product:
    """`replyes serve`, to be started, killed, stopped, and started again."""

    def __init__(self, folder: Path, port: int, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.database = settings["DATABASE_URL"]
        self.lives = 0
        self._port = port
        self._environment = {"PATH": os.environ.get("PATH", ""), **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def is_ready(self) -> bool:
        return is_ready(self._port)

    def start(self) -> None:
        """Return when it is ready."""
        with STARTING, (self.folder / "log").open("ab") as log:
            command = [REPLYES, "serve", "--port", str(self._port)]
            self._process = subprocess.Popen(command, cwd=self.folder, env=self._environment, stdout=log, stderr=log)
            self.lives += 1
            for _ in within(PATIENCE, "the product is ready", self.log):
                if self.is_ready or not self.is_alive:
                    break
        if not self.is_alive:
            raise AssertionError(f"the product did not start\n{self.log()}")

    def kill(self) -> None:
        """As a power cut: nothing is finished. Return when it is dead."""
        self.killer()()

    def killer(self) -> Callable[[], None]:
        """What kills this life of it, and no later one."""
        process = self._process

        def kill() -> None:
            if process is not None:
                process.kill()
                process.wait()

        return kill

    def ask_to_stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Ask it to stop, and wait for its exit code."""
        self.ask_to_stop()
        return self._process.wait(PATIENCE)

    def told(self, *command: str) -> Any:
        """What a command of the product tells as JSON, in a process of its own."""
        with STARTING:
            done = subprocess.run(
                [REPLYES, *command, "--json"],
                cwd=self.folder,
                env=self._environment,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        if done.returncode:
            raise AssertionError(f"replyes {' '.join(command)}: {done.stderr.decode()}")
        return json.loads(done.stdout)

    def audit(self, uid: str) -> dict[str, Any]:
        return self.told("audit", uid)

    def states(self) -> dict[str, str]:
        """Every booking's uid with its state."""
        return {booking["uid"]: booking["state"] for booking in self.told("bookings")}

    def errands(self) -> list[str]:
        """What still waits in the outbox, without what was given up."""
        waiting = "SELECT kind || ' ' || bookings || ' ' || note FROM outbox WHERE status = 'due'"
        return column(self.database, waiting)

    def log(self) -> str:
        """The end of what it has logged in all its lives."""
        return (self.folder / "log").read_text()[-LOG_SHOWN:]

    def logged(self, level: str) -> list[str]:
        """The lines of one level."""
        return [line for line in (self.folder / "log").read_text().splitlines() if f'"level": "{level}"' in line]
