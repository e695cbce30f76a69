"""`replyes bookings`: the list, for people and for programs. Phones are masked."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from adapters.storage.views import BookingRow
from entrypoints.clinics_file import one_of
from entrypoints.logs import mask
from entrypoints.store import Store


async def look(store: Store, state: str, clinic: str) -> tuple[list[BookingRow], set[str]]:
    """The bookings in this state, or in any, of this clinic, or of all; and all clinics that there are. Raises
    Misconfigured where there is no such clinic."""
    rows, clinics = await store.views.bookings(state), {*store.clinics, *await store.views.clinics()}
    if not clinic:
        return rows, clinics
    key = one_of(sorted(clinics), clinic)
    return [row for row in rows if row.clinic == key], clinics


def documents(rows: Sequence[BookingRow]) -> list[dict[str, Any]]:
    """One JSON object a booking; moments are ISO 8601 in UTC."""
    return [
        {
            "uid": row.uid,
            "clinic": row.clinic,
            "state": row.state,
            "phone": mask(row.phone) if row.phone else None,
            "name": row.name,
            "practitioner": row.practitioner,
            "starts_at": _iso(row.starts_at),
            "updated_at": _iso(row.updated_at),
        }
        for row in rows
    ]


def lines(rows: Sequence[BookingRow], clinics: Collection[str] = ()) -> list[str]:
    """One line a booking, in columns; with its clinic, where there are several."""
    if not rows:
        return ["no bookings"]
    cells = [
        (
            row.uid,
            *([row.clinic] if len(clinics) > 1 else []),
            *(row.state, mask(row.phone or "-")),
            f"{row.starts_at:%Y-%m-%d %H:%M} UTC" if row.starts_at else "-",
        )
        for row in rows
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
