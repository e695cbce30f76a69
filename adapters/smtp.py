"""A mail server, one direction: an e-mail is handed over once, by SMTP with TLS.

A mail server has no list to look in. What is broken off before the server took the sender and the recipient was surely
not sent; what is broken off while the text goes over may have been. Bounces go to the sender's mailbox.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import (
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from adapters.common.checking import silence_of
from domain.checks import Finding, fault, good
from domain.inbound import Blame
from domain.ports import Accepted, CallOutcome, InDoubt, Letter, Mailer, Rejected, Retry

TIME_LIMIT = 12.0  # seconds for the whole conversation; a worker's lease is longer
SCHEMES = {"smtp": 587, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
YES, NOT_NOW, NEVER = 2, 4, 5  # the first digit of an answer
NO_AUTHENTICATION = 530  # https://www.rfc-editor.org/rfc/rfc4954#section-6
PRIVATE = re.compile(r"[^\s<>@]+@[^\s<>@]+|\d{7,}")

logging.getLogger("aiosmtplib").setLevel(logging.WARNING)


@dataclass(frozen=True)
class SmtpSettings:
    """`url` is smtps://user:password@host[:465], or smtp://…[:587], which changes over to TLS. Only to this machine is
    a mail handed over without. `sender` is the address that mails come from."""

    url: str = field(repr=False)
    sender: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


class Smtp(Mailer):
    """One mailbox that sends. `clock` dates the mails; `trust` replaces the usual certificates."""

    def __init__(
        self,
        settings: SmtpSettings,
        clock: Callable[[], datetime],
        *,
        time_limit: float = TIME_LIMIT,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._time_limit = time_limit
        self._trust = trust

    async def send(self, letter: Letter) -> CallOutcome:
        """Hand it over once. In doubt is everything between the text's first byte and the server's answer to it."""
        message, is_going = self._message(letter), False
        client = self._client()
        try:
            async with asyncio.timeout(self._time_limit):
                await self._greet(client)
                await client.mail(self._settings.sender)
                await client.rcpt(letter.to)
                is_going = True
                await client.data(message.as_bytes(policy=policy.SMTP))
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            outcome = _outcome(error, is_going=is_going)
            if not isinstance(outcome, Accepted):
                return outcome
        finally:
            client.close()
        return Accepted(str(message["Message-ID"]))

    async def check(self) -> AsyncIterator[Finding]:
        """Whether the server takes us, without sending anything."""
        client = self._client()
        try:
            async with asyncio.timeout(self._time_limit):
                await self._greet(client)
                await client.mail(self._settings.sender)
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            yield _found(error, self._settings.host)
            return
        finally:
            client.close()
        yield good(f"{self._settings.host} takes e-mails from {self._settings.sender}")

    def _client(self) -> aiosmtplib.SMTP:
        parts = urlsplit(self._settings.url)
        return aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or SCHEMES[parts.scheme],
            use_tls=parts.scheme == "smtps",
            start_tls=False,  # done by hand, so that each step tells how far it came
            tls_context=self._trust,
            timeout=self._time_limit,
        )

    async def _greet(self, client: aiosmtplib.SMTP) -> None:
        parts = urlsplit(self._settings.url)
        await client.connect()
        await client.ehlo()
        if parts.scheme == "smtp" and (client.supports_extension("starttls") or parts.hostname not in LOOPBACK):
            await client.starttls(tls_context=self._trust)
            await client.ehlo()
        if parts.username:
            await client.login(unquote(parts.username), unquote(parts.password or ""))

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = Address(letter.sender, addr_spec=self._settings.sender)
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(self._clock())
        message["Message-ID"] = f"<{letter.key}@{self._settings.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # so that no out-of-office answer comes back (RFC 3834)
        message.set_content(letter.body, cte="quoted-printable")
        return message


def _outcome(error: Exception, *, is_going: bool) -> CallOutcome:
    """What a failure says about the mail."""
    if isinstance(error, SMTPResponseException) and not isinstance(error, SMTPConnectError):
        return _answered(error, is_going=is_going)
    if isinstance(error, SMTPNotSupported) or isinstance(error.__cause__ or error, ssl.SSLError):
        return Rejected("TLS", "the server offers no TLS that we trust", Blame.ACCOUNT)
    told = type(error).__name__
    return InDoubt(told) if is_going else Retry(told)


def _found(error: Exception, host: str) -> Finding:
    """A refusal, or silence, as the doctor tells it."""
    outcome = _outcome(error, is_going=False)
    if isinstance(outcome, Rejected):
        return fault(f"{host} refuses us: {outcome.code} {outcome.detail}", "correct SMTP_URL and EMAIL_FROM")
    if isinstance(error, SMTPResponseException) and isinstance(outcome, Retry):
        return fault(f"{host} takes no e-mails now: {outcome.detail}", "try again later, or ask who runs it")
    cure = "look at the host, the port and smtp:// or smtps:// in SMTP_URL"
    return fault(f"{host} cannot be reached: {silence_of(error)}", cure)


def _answered(error: SMTPResponseException, *, is_going: bool) -> CallOutcome:
    """The server has answered with a code. To the text itself, one of 2xx is a yes that the library did not expect, and
    one that is none (-1) leaves a doubt."""
    detail = PRIVATE.sub("…", " ".join(str(error.message).split()))[:200]
    told, kind = f"{error.code} {detail}", error.code // 100
    if kind == NEVER:
        about_this_mail = isinstance(error, SMTPRecipientRefused | SMTPDataError) and error.code != NO_AUTHENTICATION
        return Rejected(str(error.code), detail, Blame.PERMANENT if about_this_mail else Blame.ACCOUNT)
    if kind == NOT_NOW or not is_going:
        return Retry(told)
    return Accepted() if kind == YES else InDoubt(told)
