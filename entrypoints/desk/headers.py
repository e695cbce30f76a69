"""What a browser may do with our pages: nothing but show them. No script and no style stands in a page itself. A
picture has styles in itself, and so brings a policy of its own."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.desk.site import Site

A_YEAR = 365 * 24 * 3600
PICTURE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def headers(site: Site) -> Mapping[str, str]:
    """The headers of every answer of this desk."""
    sources = ("img-src", "style-src", "script-src", "connect-src", "form-action", "frame-src")
    framed = "'self'" if site.in_sandbox else "'none'"
    policy = ["default-src 'none'", *(f"{source} 'self'" for source in sources)]
    found = {
        "Content-Security-Policy": "; ".join([*policy, f"frame-ancestors {framed}", "base-uri 'none'"]),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if site.url.startswith("https://"):
        found["Strict-Transport-Security"] = f"max-age={A_YEAR}"
    return found


class Headers:
    """Puts them on every answer of an application. What the answer says itself stays."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._headers = headers(site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    said.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
