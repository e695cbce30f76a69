"""Whose desk it is, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from domain.clinics import Clinic

NAME = "Replyes"  # stands where the name of the only clinic would


@dataclass(frozen=True)
class Site:
    """One desk. `clinics` by their keys; `url` is PUBLIC_URL; `is_open`: there is a way to sign in; `in_sandbox`: it
    stands beside a phone and a Cal.com that are not real.

    Where there are several clinics, each has pages of its own below `/clinics/<key>`. So a page is about one clinic for
    as long as it is open, and what is done there is done at that clinic, whatever another tab of the browser shows.
    """

    clinics: Mapping[str, Clinic]
    url: str
    is_open: bool
    in_sandbox: bool = False

    @property
    def has_several(self) -> bool:
        return len(self.clinics) > 1

    @cached_property
    def front(self) -> Clinic:
        """What a page shows as its clinic where it is about none: the only one there is, or just our name."""
        first = next(iter(self.clinics.values()))
        return Clinic("", NAME, languages=first.languages) if self.has_several else first

    def at(self, key: str) -> str:
        """What the addresses of a clinic's pages begin with."""
        return f"/clinics/{key}" if self.has_several else ""

    @property
    def is_https(self) -> bool:
        return not self.url.lower().startswith("http://")

    @property
    def front_door(self) -> str:
        """Where a stranger who asks for "/" is sent; "" for the sign-in page."""
        return "/sandbox" if self.in_sandbox else ""
