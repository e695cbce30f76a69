"""The routes of Cal.com's API that we call, and the two spellings of confirm and cancel."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote


class Verbs(StrEnum):
    """The two ways in which Cal.com's API is known to spell confirm and cancel."""

    CONCEPT = "concept"
    LIVE = "live"


@dataclass(frozen=True)
class Route:
    """An HTTP method and a path, with a place for the uid where it needs one."""

    method: str
    path: str

    def of(self, uid: str) -> str:
        return self.path.format(uid=quote(uid, safe=""))


@dataclass(frozen=True)
class Spelling:
    """How confirm and cancel are spelled."""

    confirm: Route
    cancel: Route


LIST = Route("GET", "/v2/bookings")
LOOK = Route("GET", "/v2/bookings/{uid}")
SPELLINGS: Mapping[Verbs, Spelling] = {
    Verbs.CONCEPT: Spelling(Route("PATCH", "/v2/bookings/{uid}/confirm"), Route("DELETE", "/v2/bookings/{uid}")),
    Verbs.LIVE: Spelling(Route("POST", "/v2/bookings/{uid}/confirm"), Route("POST", "/v2/bookings/{uid}/cancel")),
}
# No booking has this uid, so asking for it changes nothing whatever the server makes of it.
PROBE_UID = "replyes-probe"
