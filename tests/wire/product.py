"""The product as a process of its own: one folder, one port, one database, and any number of lives."""

import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from tests.wire.servers import PATIENCE, within

REPLYES = Path(sys.executable).with_name("replyes")
DATABASE = "replyes.db"
LOG_SHOWN = 6_000  # characters


def _ports() -> Iterator[int]:
    """Free ports below those that the system gives to outgoing connections: nobody takes one while the product that
    listens on it is dead."""
    for port in itertools.cycle(random.sample(range(20_000, 30_000), 10_000)):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        yield port


PORTS = _ports()
_one_at_a_time = threading.Lock()


def free_port() -> int:
    """A port that nobody else in this process is given."""
    with _one_at_a_time:
        return next(PORTS)


class Product:
    """`replyes serve`, to be started, killed, stopped, and started again."""

    def __init__(self, folder: Path, port: int, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.lives = 0
        self._port = port
        self._environment = {"PATH": os.environ.get("PATH", ""), **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Return when it is ready."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [REPLYES, "serve", "--port", str(self._port)],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        self.lives += 1
        for _ in within(PATIENCE, "the product is ready", self.log):
            if not self.is_alive:
                raise AssertionError(f"the product did not start\n{self.log()}")
            if self._is_ready():
                break

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

    def errands(self) -> int:
        """How many errands still wait in the outbox. Those that were given up are not counted."""
        with closing(sqlite3.connect(f"file:{self.folder / DATABASE}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM outbox WHERE status = 'due'").fetchone()[0]

    def log(self) -> str:
        """The end of what it has logged in all its lives."""
        return (self.folder / "log").read_text()[-LOG_SHOWN:]

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).is_success
        except httpx.TransportError:
            return False
