"""Whose desk it is, and where it stands."""

from dataclasses import dataclass

from domain.clinics import Clinic


@dataclass(frozen=True)
class Site:
    """One desk. `url` is PUBLIC_URL; `is_open`: there is a way to sign in; `in_sandbox`: it stands beside a phone and a
    Cal.com that are not real."""

    clinic: Clinic
    url: str
    is_open: bool
    in_sandbox: bool = False

    @property
    def is_https(self) -> bool:
        return not self.url.lower().startswith("http://")

    @property
    def front_door(self) -> str:
        """Where a stranger who asks for "/" is sent; "" for the sign-in page."""
        return "/sandbox" if self.in_sandbox else ""
