"""What can be said on the command line of `python -m tests.crash`."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass, fields

from tests.databases import KINDS


@dataclass(frozen=True)
class Options:
    """One run. `at_once`: so many patients at most wait for something at the same time, so that the kills meet work
    and not a queue."""

    database: str = "sqlite"
    bookings: int = 2000
    kills: int = 200
    webs: int = 2
    workers: int = 2
    seed: int = 1
    at_once: int = 100
    faults: bool = False
    keep: bool = False

    @classmethod
    def read(cls, arguments: Sequence[str] | None = None) -> "Options":
        parser = ArgumentParser(prog="python -m tests.crash", description="kill -9 by chance, and nothing is lost")
        parser.add_argument("--database", choices=KINDS, default=cls.database)
        for name in ("bookings", "kills", "webs", "workers", "seed", "at-once"):
            parser.add_argument(f"--{name}", type=int, default=getattr(cls, name.replace("-", "_")), metavar="N")
        parser.add_argument("--faults", action="store_true", help="Cal.com and the carrier misbehave")
        parser.add_argument("--keep", action="store_true", help="keep the folder with logs and database")
        found = parser.parse_args(arguments)
        return cls(**{field.name: getattr(found, field.name) for field in fields(cls)})
