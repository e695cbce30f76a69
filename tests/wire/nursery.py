"""Many processes of the product for one test: real ones, forked from one that has imported everything already."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self

import certifi

from tests.wire.servers import PATIENCE, within

ROOT = Path(__file__).parents[2]
END_OF_A_CERTIFICATE = "-----END CERTIFICATE-----\n"


@dataclass(frozen=True)
class Done:
    """What became of a command that has ended."""

    code: int
    output: str


@dataclass(frozen=True)
class Life:
    """One process of the product, alive or dead."""

    nursery: "Nursery"
    pid: int
    log: Path

    @property
    def code(self) -> int | None:
        """The exit code, minus the number of the signal that killed it; None while it is alive."""
        code: int | None = self.nursery.ask(do="code", pid=self.pid)
        return code

    @property
    def is_alive(self) -> bool:
        return self.code is None

    def kill(self) -> bool:
        """As a power cut; it is dead when this returns. Whether it was alive until then."""
        return self._signal(signal.SIGKILL)

    def ask_to_stop(self) -> None:
        self._signal(signal.SIGTERM)

    def wait(self, patience: float = PATIENCE) -> int:
        """Its exit code, when it has ended by itself."""
        for _ in within(patience, "the process has ended", self.log.read_text):
            if (code := self.code) is not None:
                break
        return code

    def _signal(self, number: int) -> bool:
        return bool(self.nursery.ask(do="signal", pid=self.pid, number=number))


class Nursery:
    """Starts processes of the product in one folder with one environment, and takes them all along at its end."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._numbers = count()
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
            "SSL_CERT_FILE": str(_few_certificates(folder)),
            **settings,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.wire.cradle"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        if self._process.stdout.readline() != b"ready\n":
            self.close()
            raise AssertionError("the product cannot be imported")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, *arguments: str, log: str = "", **changes: str) -> Life:
        """`replyes …`, with a log of its own, or adding to one that it shares. `changes` are to the settings."""
        path = self.folder / (log or f"{arguments[0]}-{next(self._numbers)}.log")
        path.touch()
        pid = self.ask(do="start", arguments=list(arguments), settings=changes, log=str(path))
        return Life(self, pid, path)

    def run(self, *arguments: str, patience: float = PATIENCE, **changes: str) -> Done:
        """`replyes …` until its end."""
        life = self.start(*arguments, **changes)
        return Done(life.wait(patience), life.log.read_text())

    def ask(self, **request: Any) -> Any:
        with self._lock:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Nobody survives this."""
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()


def _few_certificates(folder: Path) -> Path:
    """The fakes speak plain HTTP. To read all certificates of the world would be a third of what a life costs."""
    path = folder / "authorities.pem"
    path.write_text(Path(certifi.where()).read_text().partition(END_OF_A_CERTIFICATE)[0] + END_OF_A_CERTIFICATE)
    return path
