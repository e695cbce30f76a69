"""Whose webhook it is: by its path, and for a patient's text by the number that has received it.

Every path of every clinic may be called, so a carrier's account that several clinics share needs one address only. What
is not authentic is answered in one way, whoever it might have been for. With one clinic everything is that clinic's.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from domain.errors import NotAuthentic, NotUnderstood, ReplyesError, UnknownClinic
from domain.inbound import DeliveryReport, InboundText
from domain.ports import Calendar, Carrier, RawRequest
from entrypoints.settings import MAIN_CLINIC

CALENDAR, TEXTS = "/api/webhooks/cal", "/api/webhooks/sms"

log = logging.getLogger("replyes.webhooks")

Message = TypeVar("Message", InboundText, DeliveryReport)


@dataclass(frozen=True)
class Post(Generic[Message]):
    """What came in one request: each message with the clinic whose it is, or why there is none. `carrier` owns the
    answer."""

    carrier: Carrier
    messages: list[tuple[str, Message]] = field(default_factory=list)
    error: ReplyesError | None = None


class Routing:
    """The doors of each clinic, by its key."""

    def __init__(self, calendars: Mapping[str, Calendar], carriers: Mapping[str, Carrier]) -> None:
        self._calendars = calendars
        self._carriers = carriers

    def calendar(self, named: str | None) -> tuple[str, Calendar]:
        """The clinic that the path names, or the one to which a path without a name belongs. Raises UnknownClinic."""
        key = named or self._usual
        if key is None:
            raise UnknownClinic(f"the path names no clinic; give Cal.com {self._paths(CALENDAR)}")
        if key not in self._calendars:
            raise UnknownClinic(self._nobody(key))
        return key, self._calendars[key]

    def refusing(self, named: str | None) -> Carrier:
        """Whose adapter refuses what cannot even be read, or is not authentic: always the same for a path. Raises
        UnknownClinic."""
        if named is not None and named not in self._carriers:
            raise UnknownClinic(self._nobody(named))
        return self._carriers[named] if named else next(iter(self._carriers.values()))

    def _nobody(self, named: str) -> str:
        return f"a path names the clinic {named[:32]!a}, which does not exist; there are {', '.join(self._carriers)}"

    def texts(self, named: str | None, request: RawRequest) -> Post[InboundText]:
        """The patients' texts. Raises UnknownClinic."""
        read, refused = self._read(lambda carrier: carrier.receive_texts(request), named)
        if refused:
            return refused
        carrier, texts = self._carriers[next(iter(read))], next(iter(read.values()))
        try:
            return Post(carrier, [(self._owner(text, named, read), text) for text in texts])
        except NotUnderstood as error:
            return Post(carrier, error=error)

    def reports(self, request: RawRequest, key: str | None) -> Post[DeliveryReport]:
        """The delivery reports; `key` is the errand's in the path. Whose text a report is about is known by its id, so
        it stands here once for each clinic whose account can speak of it."""
        read, refused = self._read(lambda carrier: carrier.receive_reports(request, key))
        found = [(clinic, report) for clinic, reports in read.items() for report in reports]
        return refused or Post(self._carriers[next(iter(read))], found)

    @property
    def _usual(self) -> str | None:
        """The clinic of a path that names none: the main one, or the only one."""
        if MAIN_CLINIC in self._calendars:
            return MAIN_CLINIC
        return next(iter(self._calendars)) if len(self._calendars) == 1 else None

    def _read(
        self, receive: Callable[[Carrier], list[Message]], named: str | None = None
    ) -> tuple[dict[str, list[Message]], Post[Message] | None]:
        """What it says, by each clinic whose carrier finds it authentic, the one that the path names first. Refused by
        what that one says against it; without a name, by the most telling of what all say."""
        read: dict[str, list[Message]] = {}
        errors: list[tuple[Carrier, ReplyesError]] = []
        for clinic in sorted(self._carriers, key=lambda one: one != named):
            try:
                read[clinic] = receive(self._carriers[clinic])
            except ReplyesError as error:
                errors.append((self._carriers[clinic], error))
                if clinic == named:
                    break
        if read:
            return read, None
        carrier, worst = min(errors, key=lambda one: _says_little(one[1]))
        return {}, Post(self.refusing(named) if isinstance(worst, NotAuthentic) else carrier, error=worst)

    def _owner(self, text: InboundText, named: str | None, read: Mapping[str, list[InboundText]]) -> str:
        """The clinic to whose sender the text was sent. Raises NotUnderstood where nobody, or nobody alone, can be."""
        if len(self._carriers) == 1:
            return next(iter(self._carriers))
        owners = [
            clinic
            for clinic, texts in read.items()
            if any(one.message_id == text.message_id and self._carriers[clinic].is_for_us(one) for one in texts)
        ]
        if named and (named in owners or not owners):
            return named
        if len(owners) != 1:
            problem = "several clinics' senders" if owners else "no clinic's sender"
            raise NotUnderstood(
                f"text {text.message_id} came to {_end_of(text.recipient)}, which is {problem}; "
                f"set its webhook to {self._paths(TEXTS)}"
            )
        if named:
            log.warning(
                "%s came to the webhook of clinic %s, but is for clinic %s: set the webhook of %s to %s/%s",
                *(text.message_id, named, owners[0], _end_of(text.recipient), TEXTS, owners[0]),
            )
        return owners[0]

    def _paths(self, path: str) -> str:
        return " or ".join(f"{path}/{key}" for key in self._carriers)


def _says_little(error: ReplyesError) -> int:
    """0 for who has understood it enough to say what is wrong; 2 for who has not even found a signature."""
    if isinstance(error, NotAuthentic):
        return 1 if error.signed else 2
    return 0


def _end_of(recipient: str) -> str:
    """A number as logs may show it. One that is short is nobody's phone."""
    return f"…{recipient[-2:]}"
