"""URL-encoded forms of our own pages, and where they may come from."""

import re
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from domain.errors import NotUnderstood, TooLarge
from entrypoints.web.bodies import read_body

DEFAULT_PORTS = {"http": 80, "https": 443}
LARGEST_FORM = 65_536  # bytes
THIS_MACHINE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a URL-encoded form, blank ones kept; of a field sent twice, the last. Raises HTTPException with 413
    or 400."""
    try:
        body = await read_body(request, LARGEST_FORM, "64 kB")
    except TooLarge as error:
        raise HTTPException(413, str(error)) from error
    except NotUnderstood as error:
        raise HTTPException(400, str(error)) from error
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def is_from_here(request: Request, url: str) -> bool:
    """Whether no other site's page has sent this. The browser names no page (`Origin`), or the one at `url`, or this
    machine under another of its names or through another port: "localhost" is what people type, and a container's port
    is often mapped."""
    origin = request.headers.get("origin")
    if origin is None or origin == _origin_of(url):
        return True
    return bool(THIS_MACHINE.fullmatch(origin)) and origin.partition("://")[2] == request.headers.get("host", "")


def _origin_of(url: str) -> str:
    """As browsers write it: without a name, without the port that goes without saying, the host in ASCII."""
    parts = urlsplit(url.lower())
    host = (parts.hostname or "").encode("idna").decode() if "[" not in parts.netloc else f"[{parts.hostname}]"
    port = f":{parts.port}" if parts.port not in (None, DEFAULT_PORTS.get(parts.scheme)) else ""
    return f"{parts.scheme}://{host}{port}"
