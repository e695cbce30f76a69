"""A signature over the raw body and the time at which it was made. The URL is not signed."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from domain.errors import NotAuthentic
from domain.ports import RawRequest

WINDOW = timedelta(minutes=5)
SECONDS = re.compile(r"[0-9]{10}")  # since 1970: always ten digits until 2286, so that none moves over from the body


class DatedSignatures(ABC):
    """Judges requests. `signature` and `timestamp` name the two headers, `setting` where the key stands, and `clock`
    tells the time in UTC."""

    signature: ClassVar[str]
    timestamp: ClassVar[str]
    setting: ClassVar[str]

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def check(self, request: RawRequest) -> None:
        """Raises NotAuthentic unless one of the keys has signed the body, and lately."""
        given = request.headers.get(self.signature, "")
        if not given:
            raise NotAuthentic(f"{self.signature} is missing", signed=False)
        told = request.headers.get(self.timestamp, "")
        if not SECONDS.fullmatch(told):
            raise NotAuthentic(f"{self.timestamp} is missing or no time")
        if not self.is_signed(request.body, told, given):
            raise NotAuthentic(f"the signature does not fit: check {self.setting}")
        if abs(self._clock() - datetime.fromtimestamp(int(told), UTC)) > WINDOW:
            raise NotAuthentic("signed more than 5 minutes ago or ahead: an old request, or a clock that is wrong")

    @abstractmethod
    def is_signed(self, body: bytes, told: str, given: str) -> bool:
        """Whether one of the keys made the signature `given` of this body and the time `told`."""
