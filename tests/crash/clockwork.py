"""What happens later: everybody outside the product does one thing after another, each at its time."""

import heapq
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count

AT_ONCE = 64  # actions under way: most of them wait for an answer of the product


class Clockwork:
    """Runs actions at their time. `errors` are those of the actions themselves: the harness's own faults."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()
        self._under_way = 0
        self._changed = threading.Condition()
        self._closed = False
        self._pool = ThreadPoolExecutor(AT_ONCE, "outside")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Nothing is under way, and nothing is planned."""
        with self._changed:
            return not self._waiting and not self._under_way

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._numbers), action))
            self._changed.notify()

    def close(self) -> None:
        """What is planned does not happen."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (rest := self._rest()) > 0:
                    self._changed.wait(rest)
                if self._closed:
                    return
                _, _, action = heapq.heappop(self._waiting)
                self._under_way += 1
            self._pool.submit(action).add_done_callback(self._done)

    def _rest(self) -> float:
        return self._waiting[0][0] - time.monotonic() if self._waiting else 60.0

    def _done(self, future: "Future[object]") -> None:
        with self._changed:
            self._under_way -= 1
        if not future.cancelled() and (error := future.exception()):
            self.errors.append(error)
