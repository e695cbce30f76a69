"""`python -m tests.adapters.carriers`: which carrier keeps which promise, as a table in Markdown. Exit code 1 where one
is broken."""

import sys
from collections.abc import Iterator

from tests.adapters.carriers.all_promises import PROMISES
from tests.adapters.carriers.driver import Driver
from tests.adapters.carriers.fleet import CARRIERS
from tests.adapters.carriers.promises import Promise


def rows() -> Iterator[str]:
    """The table, line by line."""
    yield f"| promise | {' | '.join(driver.name for driver in CARRIERS)} |"
    yield f"|---|{'---|' * len(CARRIERS)}"
    for told, promise in PROMISES.items():
        yield f"| {told} | {' | '.join(_how(driver, promise) for driver in CARRIERS)} |"


def _how(driver: Driver, promise: Promise) -> str:
    try:
        return promise(driver) or "kept"
    except Exception as error:
        return f"BROKEN ({type(error).__name__})"


if __name__ == "__main__":
    table = list(rows())
    sys.stdout.write("\n".join(table) + "\n")
    sys.exit(any("BROKEN" in row for row in table))
