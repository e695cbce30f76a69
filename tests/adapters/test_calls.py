"""One call over HTTP, against a server of its own: nothing is repeated, nothing kept, nothing waited for in vain."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import httpx
import pytest

from adapters.common.calls import TIME_LIMIT, Calls, http_client
from domain.ports import InDoubt, Retry

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


async def served(reply: bytes, work: Callable[[Calls], Coroutine[Any, Any, Any]]) -> tuple[Any, int]:
    """What comes of the work, and the connections that the server saw. No reply: it hangs up instead."""
    handlers: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(cast("asyncio.Task[None]", asyncio.current_task()))
        while head := await head_of(reader):
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            writer.write(reply)
            if not reply:
                break
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with http_client() as client:
            told = await work(Calls(client, f"http://127.0.0.1:{port}/"))
        await asyncio.gather(*handlers)
    return told, len(handlers)


async def head_of(reader: asyncio.StreamReader) -> bytes:
    """The next request's head; nothing when the client has hung up."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_every_send_has_a_connection_of_its_own() -> None:
    async def twice(calls: Calls) -> list[int]:
        answers = [await calls.send("/messages", form={"To": "1"}) for _ in range(2)]
        return [answer.status_code for answer in answers if isinstance(answer, httpx.Response)]

    assert asyncio.run(served(ANSWER, twice)) == ([201, 201], 2)


def test_a_connection_dropped_after_the_request_is_a_doubt_and_not_repeated() -> None:
    told, connections = asyncio.run(served(b"", lambda calls: calls.send("/messages", document={"to": "1"})))
    assert isinstance(told, InDoubt)
    assert connections == 1


def test_a_port_where_nobody_listens_is_worth_another_try() -> None:
    async def main() -> object:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        async with http_client() as client:
            return await Calls(client, f"http://127.0.0.1:{port}").send("/messages", form={"To": "1"})

    assert asyncio.run(main()) == Retry("ConnectError")


def test_connecting_gives_up_before_the_whole_call_does() -> None:
    """Else a carrier that cannot be reached would be taken for a doubt."""
    timeout = http_client(httpx.MockTransport(lambda request: httpx.Response(500))).timeout
    assert timeout.read == TIME_LIMIT
    assert timeout.pool is not None
    assert timeout.connect is not None
    assert timeout.pool + 2 * timeout.connect < TIME_LIMIT  # TCP and TLS each


def test_an_answer_that_cannot_be_unpacked_is_a_doubt() -> None:
    reply = b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip"
    told, _ = asyncio.run(served(reply, lambda calls: calls.send("/messages", form={"To": "1"})))
    assert told == InDoubt("DecodingError")
