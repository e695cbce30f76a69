"""A real mail server in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """What a mail server does with what it gets. `says`: an answer in place of the usual one, by command."""

    def __init__(self, **says: str) -> None:
        self.says = says
        self.got: list[Envelope] = []

    async def handle_MAIL(  # noqa: N802 - the server calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.says.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.says.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope)
        if self.says.get("DATA") == "hang up":
            server.transport.abort()
        if self.says.get("DATA") == "fall silent":
            await asyncio.sleep(60)
        return self.says.get("DATA", "250 OK")


def the_mail(mailbox: Mailbox) -> EmailMessage:
    """The one that the mailbox got."""
    (mail,) = mails(mailbox)
    return mail


def mails(mailbox: Mailbox) -> list[EmailMessage]:
    """What the mailbox got, in order."""
    return [_read(envelope) for envelope in mailbox.got]


def _read(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@asynccontextmanager
async def server(mailbox: Mailbox, **options: object) -> AsyncIterator[str]:
    """Its address, as host:port."""
    loop = asyncio.get_running_loop()
    serving: list[SMTP] = []

    def begin() -> SMTP:
        serving.append(SMTP(mailbox, loop=loop, **options))  # type: ignore[arg-type]
        return serving[-1]

    async with await loop.create_server(begin, "127.0.0.1", 0) as listening:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        for one in serving:
            if one.transport:
                one.transport.abort()
