"""Reading the body of a request: never without end, and never for ever."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from domain.errors import NotUnderstood, TooLarge

SLOWEST_BODY = 30  # seconds


async def read_body(request: Request, largest: int, told: str) -> bytes:
    """Raises TooLarge without reading on (`told` is the limit in words), NotUnderstood where the sender hung up."""
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise TooLarge(f"the body is larger than {told}")
    except TimeoutError:
        raise NotUnderstood("the body did not end in time") from None
    except ClientDisconnect:
        raise NotUnderstood("the sender hung up in the middle of the body") from None
    return bytes(body)
