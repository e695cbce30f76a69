"""What can go wrong, and what to do next in each case.

    ReplyesError
    ├── NotPossible     the table of moves says no             -> ignore it, say so
    ├── NotAuthentic    a signature is missing or wrong        -> 401 or 403, change nothing, tell nothing
    ├── NotUnderstood   the content makes no sense             -> 400, say what is missing
    ├── TooLarge        the body is longer than we read        -> 413
    ├── UnknownClinic   the path names a clinic we do not have -> 404
    ├── Conflict        somebody else wrote first              -> load and decide again
    ├── ClaimLost       the lease ran out, another worker has it -> leave the errand alone
    ├── StorageAway     the database cannot be written now     -> 503, nothing is half done
    └── Misconfigured   settings that cannot work              -> exit 1 with every fault and its cure

What becomes of a call to the outside is not an error but a value: see `domain.ports`.
"""

from collections.abc import Sequence


class ReplyesError(Exception):
    """The root: everything that we raise on purpose."""


class NotPossible(ReplyesError):
    """What was asked for changes nothing, as things stand: a move that leads nowhere from the booking's state, or an
    act that comes too late. `code` is for those who tell it in other words."""

    def __init__(self, told: str, code: str = "state") -> None:
        super().__init__(told)
        self.code = code


class NotAuthentic(ReplyesError):
    """The request was not signed by whom it should be. `signed` is False where there was no signature at all."""

    def __init__(self, message: str, *, signed: bool = True) -> None:
        super().__init__(message)
        self.signed = signed


class NotUnderstood(ReplyesError):
    """The request is authentic (or needs no proof), but its content cannot be used. The message says what is wrong."""


class TooLarge(ReplyesError):
    """The request's body is larger than any that a calendar or a carrier sends."""


class UnknownClinic(ReplyesError):
    """No clinic has this name."""


class Conflict(ReplyesError):
    """Another request changed the same booking or conversation first. Load again, decide again."""


class ClaimLost(ReplyesError):
    """This worker's lease on an errand is over: whatever it was about to do is no longer its business."""


class StorageAway(ReplyesError):
    """The database did not take the write. Nothing of it is stored; the sender may try again."""


class Misconfigured(ReplyesError):
    """Settings with which the program cannot work. `faults` are sentences, each with its cure."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)
