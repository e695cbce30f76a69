"""The numbers as a file for a spreadsheet. All cells are dates and numbers, so that none can be taken for a formula."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import StringIO

from entrypoints.desk.figures import COUNTS, Sums

SHARES = ("confirmation_rate", "unclear_share", "delivery_rate", "segments_per_text")
BYTE_ORDER_MARK = "\ufeff"  # Excel takes the file for Latin-1 without it


def by_week(weeks: Mapping[date, Sums]) -> bytes:
    """A line for each week, also the empty ones."""
    return _sheet(["week"], (([monday], sums) for monday, sums in weeks.items()))


def by_hour(moments: Mapping[tuple[date, int], Sums]) -> bytes:
    """A line for each hour (0 to 23) of a day in which anything happened."""
    return _sheet(["date", "hour"], (([day, hour], sums) for (day, hour), sums in moments.items()))


def _sheet(keys: Sequence[str], lines: Iterable[tuple[Sequence[date | int], Sums]]) -> bytes:
    """RFC 4180, UTF-8. Shares are between 0 and 1, and empty where there is nothing to divide by."""
    written = StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([*keys, *COUNTS, *SHARES])
    for key, sums in lines:
        shares = (sums.confirmation_rate, sums.unclear_share, sums.delivery_rate, sums.segments_per_text)
        counts = (sums[name] for name in COUNTS)
        writer.writerow([*key, *counts, *("" if share is None else f"{share:.4f}" for share in shares)])
    return (BYTE_ORDER_MARK + written.getvalue()).encode()
