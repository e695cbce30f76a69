"""Asking a foreign system, as the doctor does, whose network is a handler."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import httpx

from adapters.common.checking import Ask
from domain.checks import Finding, Verdict, Wanted
from entrypoints.doctor.asking import Asking

PUBLIC_URL = "https://replyes.example.org"
TEXTS, REPORTS = f"{PUBLIC_URL}/api/webhooks/sms", f"{PUBLIC_URL}/api/webhooks/sms/status"
WANTED = Wanted((f"{PUBLIC_URL}/api/webhooks/cal",), (TEXTS, f"{TEXTS}/main"), (REPORTS,), ("en", "de"))

Documents = Mapping[str, object]
Handler = Callable[[httpx.Request], httpx.Response]


def network(documents: Documents) -> Handler:
    """By URL without its query: a JSON document, a status with one, or a whole answer; 404 for the rest."""

    def handle(request: httpx.Request) -> httpx.Response:
        found = documents.get(str(request.url).partition("?")[0], (404, {"message": "nothing is here"}))
        if isinstance(found, httpx.Response | Exception):
            if isinstance(found, Exception):
                raise found
            return found
        status, document = found if isinstance(found, tuple) else (200, found)
        return httpx.Response(status, json=document)

    return handle


def found(check: Callable[[Ask], AsyncIterator[Finding]], handler: Handler) -> list[Finding]:
    """Everything that the check tells."""

    async def main() -> list[Finding]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as client:
            return [finding async for finding in check(Asking(client, ()))]

    return asyncio.run(main())


def wrong(findings: list[Finding]) -> list[str]:
    """The faults, each with its cure."""
    faults = [one for one in findings if one.verdict is Verdict.FAULT]
    assert all(one.cure for one in faults)
    return [f"{one.told} -> {one.cure}" for one in faults]


def unclear(findings: list[Finding]) -> list[str]:
    """What could not be told, or may be meant so."""
    return [f"{one.told} -> {one.cure}" for one in findings if one.verdict is Verdict.UNSURE]
