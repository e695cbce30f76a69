"""What every page is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request

from domain.clinics import Clinic
from entrypoints.desk.sessions import Session
from entrypoints.desk.site import Site
from entrypoints.desk.words import Words


@dataclass(frozen=True)
class Visit:
    """Somebody asks for a page. `clinic` is the one that the page is about; `session` is NOBODY on those few pages that
    need none; `words` speak the visitor's language; `form` holds what was sent, once it is certain that a form of ours
    has sent it; `waiting` is how many items the inbox has, for who has signed in."""

    request: Request
    site: Site
    clinic: Clinic
    session: Session
    words: Words
    now: datetime
    form: Mapping[str, str] = field(default_factory=dict)
    waiting: int = 0

    @property
    def path(self) -> str:
        """As it stands in a link."""
        return quote(self.request.scope["path"])

    @property
    def base(self) -> str:
        """What the addresses of this clinic's pages begin with; "" where there is only one clinic, or none yet."""
        return self.site.at(self.clinic.key) if self.clinic.key else ""

    @property
    def section(self) -> str:
        """The part of the desk in which the page stands, as "/inbox"; "/" for the first."""
        return "/" + self.path.removeprefix(self.base).split("/")[1]

    @property
    def clinics(self) -> list[Clinic]:
        """Those between which the visitor may choose."""
        opened = [clinic for key, clinic in self.site.clinics.items() if self.session.opens(key)]
        return opened if len(opened) > 1 else []

    @property
    def here(self) -> str:
        """The path and its query."""
        query = self.request.scope["query_string"].decode("latin-1")
        return self.path + (f"?{query}" if query else "")
