"""Addresses within the desk."""

import re
from urllib.parse import quote

from adapters.storage.desk import Mark

LOCAL_PATH = re.compile(r"/(?:[^/\\\x00-\x20\x7f][^\\\x00-\x20\x7f]*)?")
MARK = re.compile(r"(-?\d{1,18})~(\d{1,9})~(.{0,500})", re.DOTALL | re.ASCII)


def local_path(wanted: str, otherwise: str = "/") -> str:
    """The page to go on to: on this site or none. Browsers take a backslash for a slash, and skip blanks and tabs."""
    return wanted if LOCAL_PATH.fullmatch(wanted) and "//" not in wanted else otherwise


def booking_path(base: str, uid: str) -> str:
    """The page of a booking; `base` is what the addresses of its clinic begin with."""
    return f"{base}/bookings/{quote(uid, safe='')}"


def as_mark(mark: Mark) -> str:
    """A mark as it stands in a link."""
    return f"{mark.at}~{mark.version}~{mark.key}"


def mark_in(text: str) -> Mark | None:
    """The mark of a link; None, and so the first page, where that is none."""
    found = MARK.fullmatch(text)
    return Mark(int(found[1]), found[3], int(found[2])) if found else None
