"""What a carrier's answers mean, once its adapter has read the code out of them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime

import httpx

from adapters.common.values import Json, as_object, digits, read_json
from domain.inbound import Blame, Delivery
from domain.ports import InDoubt, Rejected, Retry

LONGEST_WAIT = timedelta(days=1)
STATUSES_OF_A_REFUSED_ACCOUNT = {401, 402, 403, 404, 405, 407}
OURS_TO_MEND = (Blame.CONFIGURATION, Blame.ACCOUNT)


@dataclass(frozen=True)
class Codes:
    """One carrier's error codes. One that stands nowhere here is blamed on the phone: staff sees it.

    `full` are those that ask to wait, `doubts` those after which nobody promises that nothing left. `manual` is the
    page where a code's cure stands; "{code}" in it is filled in.
    """

    carrier: str
    manual: str
    blames: Mapping[str, Blame]
    full: frozenset[str] = frozenset()
    doubts: frozenset[str] = frozenset()

    @property
    def known(self) -> set[str]:
        """Every code that means something to us."""
        return {*self.blames, *self.full, *self.doubts}

    def cure(self, code: str) -> str:
        """Where to read what to do about a code."""
        return (
            f"{self.carrier}'s error {code} is about our account or our settings, see {self.manual.format(code=code)}"
        )


def document_of(response: httpx.Response) -> Json:
    """The answer's JSON object; {} where it is anything else."""
    return as_object(read_json(response.content))


def refused(response: httpx.Response, code: str, detail: str, codes: Codes) -> Rejected | Retry | InDoubt:
    """What an answer other than 2xx to a send means; `code` is "" where it has none.

    Only a 4xx says that nothing was sent; and not 408, which gateways also say when the far side is slow.
    """
    status = response.status_code
    if not response.is_client_error or status == httpx.codes.REQUEST_TIMEOUT or code in codes.doubts:
        return InDoubt(detail)
    if status == httpx.codes.TOO_MANY_REQUESTS or code in codes.full:
        return Retry(detail, retry_after(response))
    # What the code says counts first. Without one that we know, these statuses are about us, not about the phone.
    unknown = Blame.ACCOUNT if status in STATUSES_OF_A_REFUSED_ACCOUNT else Blame.PERMANENT
    return Rejected(code or f"HTTP {status}", detail, codes.blames.get(code, unknown))


def retry_after(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds or as a date; a date is measured against the answer's own Date, so no clock is asked."""
    value = response.headers.get("Retry-After", "")
    if seconds := digits(value, 9):
        return min(timedelta(seconds=int(seconds)), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers.get("Date", ""))
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


@dataclass(frozen=True)
class Reported:
    """Blames for texts that a report says have not arrived. What is ours to mend is an error in the log, and once for
    each code: a wrong setting fails every text alike."""

    codes: Codes
    logger: logging.Logger
    told: set[str] = field(default_factory=set)

    def blame(self, status: Delivery, code: str) -> Blame | None:
        """Whose fault it is; None where the text is on its way, or where nobody can tell."""
        if status is not Delivery.UNDELIVERED:
            return None
        blame = self.codes.blames.get(code)
        if blame in OURS_TO_MEND and code not in self.told:
            self.told.add(code)
            self.logger.error("a text did not arrive: %s", self.codes.cure(code))
        return blame
