"""Files that nobody but their owner may read. `-` is stdin or stdout."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import BinaryIO, cast

from domain.errors import ReplyesError

STANDARD = "-"


@contextmanager
def new(name: str) -> Iterator[BinaryIO]:
    """A file that is there when the block has come to its end, whole and on the disk, or not at all. Raises
    ReplyesError where there is one already, or where it cannot be written."""
    try:
        with _stdout() if name == STANDARD else _new(Path(name)) as file:
            yield file
    except BrokenPipeError:
        raise  # whoever read has gone; nobody needs to hear of it
    except OSError as error:
        raise ReplyesError(f"{name} cannot be written ({error.strerror})") from error


@contextmanager
def _stdout() -> Iterator[BinaryIO]:
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def _new(path: Path) -> Iterator[BinaryIO]:
    _refuse_to_overwrite(path)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False) as file:
        try:
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
            _refuse_to_overwrite(path)
            Path(file.name).rename(path)
        except BaseException:
            Path(file.name).unlink()
            raise


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """A file that can be read more than once: what comes through a pipe is kept in one without a name. Raises
    ReplyesError where it cannot be read."""
    try:
        file = sys.stdin.buffer if name == STANDARD else Path(name).open("rb")  # noqa: SIM115 - closed below
        if name == STANDARD or not file.seekable():
            file = _kept(file)
    except OSError as error:
        raise ReplyesError(f"{name} cannot be read ({error.strerror})") from error
    with file:
        yield file


def _kept(pipe: BinaryIO) -> BinaryIO:
    kept = TemporaryFile()  # noqa: SIM115 - closed above
    shutil.copyfileobj(pipe, kept)
    return kept


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise ReplyesError(f"{path} is there already; name another file")
