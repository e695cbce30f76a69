"""The process from which the product's processes are forked: it has imported everything, so that a life costs
milliseconds. One line of JSON asks it for something, one line answers; when nobody can ask any more, it takes its
children along.

Only this process waits for its children, so the id of a dead one is never signalled: it is not given anew before.
"""

import gc
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import Any

# Imported only at the first use, which would be once in each life.
LATE = (
    "entrypoints.serve",
    "entrypoints.audit",
    "entrypoints.expiry_job",
    "entrypoints.listing",
    "entrypoints.reconciling",
    "anyio._backends._asyncio",
    "uvicorn.lifespan.off",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)


class Cradle:
    """Every child by its id; its exit code once it is dead, minus the number of the signal that killed it."""

    def __init__(self) -> None:
        self.codes: dict[int, int | None] = {}

    def answer(self, asked: dict[str, Any]) -> Any:
        self._reap()
        match asked["do"]:
            case "start":
                return self._start(asked["arguments"], asked["settings"], asked["log"])
            case "signal":
                return self._signal(asked["pid"], asked["number"])
            case "code":
                return self.codes[asked["pid"]]
        raise ValueError(f"do what? {asked}")

    def kill_all(self) -> None:
        self._reap()
        for pid in [pid for pid, code in self.codes.items() if code is None]:
            self._signal(pid, signal.SIGKILL)

    def _start(self, arguments: list[str], settings: dict[str, str], log: str) -> int:
        if threading.active_count() > 1:
            raise RuntimeError("a fork copies only the thread that forks")
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            os.environ |= settings
            live(arguments, log)
        self.codes[pid] = None
        return pid

    def _signal(self, pid: int, number: int) -> bool:
        """Whether there was somebody to be signalled. Who is killed is dead when this returns."""
        if self.codes[pid] is not None:
            return False
        os.kill(pid, number)
        if number == signal.SIGKILL:
            self.codes[pid] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return True

    def _reap(self) -> None:
        for pid in [pid for pid, code in self.codes.items() if code is None]:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                self.codes[pid] = os.waitstatus_to_exitcode(status)


def live(arguments: list[str], log: str) -> None:
    """Be `replyes …` until the end. Never returns."""
    code: Any = 1
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        from entrypoints.cli import main  # noqa: PLC0415 - long since imported

        main.main(args=arguments, prog_name="replyes")
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def warm_up() -> None:
    """Import and read what every life would, once."""
    for module in ("entrypoints.cli", *LATE):
        importlib.import_module(module)
    from babel.dates import format_datetime  # noqa: PLC0415

    from domain.replies import interpret  # noqa: PLC0415

    format_datetime(datetime.now(UTC), "EEE d MMM 'at' h:mm a", locale="en_GB")
    interpret("yes")
    gc.collect()
    gc.freeze()  # shared with every child, and nothing to be collected in any of them


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks has to end it
    cradle = Cradle()
    warm_up()
    say("ready")
    try:
        for line in sys.stdin:
            say(json.dumps(cradle.answer(json.loads(line))))
    finally:
        cradle.kill_all()


if __name__ == "__main__":
    main()
