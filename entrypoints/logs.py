"""Log lines: JSON for machines, a readable line for people. No secret and no whole phone number ever leaves here."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from entrypoints.settings import LogSettings

PHONE = re.compile(r"(?:(?<=%2B)|(?<![A-Za-z0-9-]))(?!\d{4}-\d\d-\d\d)\+?\d[\d ().-]{5,}\d(?![A-Za-z0-9-])")
TOKEN = re.compile(r"(?<=/c/)[A-Za-z0-9_-]{32}")
DIGITS_SHOWN = 2
FEWEST_DIGITS = 7


def set_up(settings: LogSettings) -> None:
    """Send everything that is logged, ours and the libraries', through one formatter to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings.format))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for chatty in ("httpx", "httpcore", "uvicorn.error", "uvicorn.access", "asyncio", "transitions"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _formatter(wanted: str) -> logging.Formatter:
    as_json = wanted == "json" or (wanted == "auto" and not sys.stderr.isatty())
    last: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(pad_event_to=0)
    before: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json),
        structlog.processors.format_exc_info,
        masked,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, masked, on_one_line, last],
    )


def masked(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The last gate: whatever looks like a phone number keeps its last two digits."""
    return {
        name: mask(value) if isinstance(value, str) and name not in ("timestamp", "level", "logger") else value
        for name, value in line.items()
    }


def on_one_line(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """For the console: what somebody typed must not look like a line of ours."""
    return {**line, "event": str(line.get("event", "")).rstrip("\n").replace("\n", "\\n")}


def mask(text: str) -> str:
    """Replace what looks like a phone number by its last two digits, and the token of a confirm link by nothing."""
    return PHONE.sub(lambda found: _mask_one(found[0]), without_links(text))


def without_links(text: str) -> str:
    """Whoever has a confirm link may answer, so it is shown to nobody but the patient."""
    return TOKEN.sub("…", text)


def mask_address(address: str) -> str:
    """An e-mail address by its first letter and its domain."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}…{at}{domain}"


def _mask_one(number: str) -> str:
    digits = [character for character in number if character.isdecimal()]
    return f"…{''.join(digits[-DIGITS_SHOWN:])}" if len(digits) >= FEWEST_DIGITS else number
