"""An e-mail goes to a real mail server, and each way in which that can fail is told as what it is."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.smtp import Smtp, SmtpSettings
from domain.checks import Finding, Verdict
from domain.inbound import Blame
from domain.ports import Accepted, CallOutcome, InDoubt, Letter, Rejected, Retry
from tests.adapters.mailbox import Mailbox, server, the_mail

NOW = datetime(2026, 5, 9, 10, tzinfo=UTC)
LETTER = Letter(
    "0f" * 16, "sarah@patients.example", "Praxis Süd", "Bitte bestätigen", "Guten Tag\n\nhttps://x.example/c/1\n"
)
FROM = "termine@praxis.example"


def send(mailbox: Mailbox, who: str = "", letter: Letter = LETTER, **options: object) -> CallOutcome:
    """What comes of one letter. `options` are the server's."""
    trust = options.pop("trust", None)

    async def run() -> CallOutcome:
        async with server(mailbox, **options) as address:
            settings = SmtpSettings(f"smtp://{who}{address}", FROM)
            return await Smtp(settings, lambda: NOW, time_limit=0.5, trust=trust).send(letter)  # type: ignore[arg-type]

    return asyncio.run(run())


def test_a_letter_arrives_as_it_was_written() -> None:
    mailbox = Mailbox()
    assert send(mailbox) == Accepted(f"<{LETTER.key}@praxis.example>")
    mail = the_mail(mailbox)
    assert (mail["From"], mail["To"]) == ("Praxis Süd <termine@praxis.example>", LETTER.to)
    assert (mail["Subject"], mail.get_content().replace("\r\n", "\n")) == (LETTER.subject, LETTER.body)
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_line_of_a_single_dot_does_not_end_a_letter() -> None:
    mailbox = Mailbox()
    send(mailbox, letter=Letter("1" * 32, LETTER.to, "", "Dots", "one\n.\ntwo\n"))
    assert the_mail(mailbox).get_content().replace("\r\n", "\n") == "one\n.\ntwo\n"


def test_a_name_cannot_begin_another_header() -> None:
    with pytest.raises(ValueError, match=r"linefeed|CR or LF|newline|header"):
        send(Mailbox(), letter=Letter("1" * 32, LETTER.to, "A\r\nBcc: b@c.example", "S", "B"))


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        ({"MAIL": "550 sender unknown"}, Rejected("550", "sender unknown", Blame.ACCOUNT)),
        ({"RCPT": "550 no sarah@patients.example here"}, Rejected("550", "no … here", Blame.PERMANENT)),
        ({"RCPT": "530 authentication required"}, Rejected("530", "authentication required", Blame.ACCOUNT)),
        ({"RCPT": "451 greylisted"}, Retry("451 greylisted")),
        ({"DATA": "554 looks like spam"}, Rejected("554", "looks like spam", Blame.PERMANENT)),
        ({"DATA": "452 disk full"}, Retry("452 disk full")),
    ],
)
def test_what_the_server_answers_tells_whom_to_blame(says: dict[str, str], outcome: CallOutcome) -> None:
    assert send(Mailbox(**says)) == outcome


@pytest.mark.parametrize("answer", ["251 queued elsewhere", "200 fine"])
def test_any_yes_to_the_text_is_a_yes(answer: str) -> None:
    assert isinstance(send(Mailbox(DATA=answer)), Accepted)


def test_an_answer_to_the_text_that_is_none_leaves_a_doubt() -> None:
    assert isinstance(send(Mailbox(DATA="OK queued")), InDoubt)


@pytest.mark.parametrize("how", ["hang up", "fall silent"])
def test_what_breaks_off_while_the_text_goes_over_is_in_doubt(how: str) -> None:
    assert isinstance(send(Mailbox(DATA=how)), InDoubt)


def test_where_nobody_listens_nothing_was_sent() -> None:
    settings = SmtpSettings("smtp://127.0.0.1:1", FROM)
    assert isinstance(asyncio.run(Smtp(settings, lambda: NOW).send(LETTER)), Retry)


def test_a_server_that_never_greets_has_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:  # nobody accepts
        settings = SmtpSettings(f"smtp://127.0.0.1:{listening.getsockname()[1]}", FROM)
        assert isinstance(asyncio.run(Smtp(settings, lambda: NOW, time_limit=0.1).send(LETTER)), Retry)


# -- TLS and passwords --------------------------------------------------------------------------------------------


def authenticate(right: str) -> Callable[..., AuthResult]:
    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data.password == right.encode(), handled=False)

    return check


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's context, and one that trusts it."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    usual = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = (
        built.serial_number(1).not_valid_before(usual - timedelta(days=1)).not_valid_after(usual + timedelta(days=1))
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = built.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = folder / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    return serving, ssl.create_default_context(cafile=str(pem))


Tls = tuple[ssl.SSLContext, ssl.SSLContext]


def test_a_letter_goes_over_tls_with_the_right_password(tls: Tls) -> None:
    mailbox, (serving, trust) = Mailbox(), tls
    options = {
        "tls_context": serving,
        "require_starttls": True,
        "authenticator": authenticate("p@ss"),
    }
    assert isinstance(send(mailbox, who="clinic:p%40ss@", trust=trust, **options), Accepted)
    assert len(mailbox.got) == 1


def test_a_wrong_password_is_about_our_account(tls: Tls) -> None:
    mailbox, (serving, trust) = Mailbox(), tls
    options = {"tls_context": serving, "authenticator": authenticate("right")}
    outcome = send(mailbox, who="clinic:wrong@", trust=trust, **options)
    assert isinstance(outcome, Rejected)
    assert outcome.blame is Blame.ACCOUNT
    assert mailbox.got == []


def test_nothing_is_sent_to_a_server_whose_certificate_nobody_vouches_for(tls: Tls) -> None:
    mailbox, (serving, _) = Mailbox(), tls
    outcome = send(mailbox, tls_context=serving)
    assert isinstance(outcome, Rejected)
    assert outcome.blame is Blame.ACCOUNT
    assert mailbox.got == []


# -- The doctor's question ----------------------------------------------------------------------------------------


def check(mailbox: Mailbox) -> list[Finding]:
    async def run() -> list[Finding]:
        async with server(mailbox) as address:
            return [one async for one in Smtp(SmtpSettings(f"smtp://{address}", FROM), lambda: NOW).check()]

    return asyncio.run(run())


def test_a_server_that_takes_us_is_told_as_good_and_gets_no_mail() -> None:
    mailbox = Mailbox()
    (finding,) = check(mailbox)
    assert (finding.verdict, finding.told) == (Verdict.GOOD, f"127.0.0.1 takes e-mails from {FROM}")
    assert mailbox.got == []


@pytest.mark.parametrize(
    ("answer", "cure"), [("550 who are you?", "correct SMTP_URL and EMAIL_FROM"), ("451 later", "try again later")]
)
def test_a_server_that_does_not_take_us_is_a_fault_with_a_cure(answer: str, cure: str) -> None:
    (finding,) = check(Mailbox(MAIL=answer))
    assert finding.verdict is Verdict.FAULT
    assert answer in finding.told
    assert cure in finding.cure


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("smtp://127.0.0.1:1", "127.0.0.1 cannot be reached: it refuses the connection"),
        ("smtp://nobody.invalid", "nobody.invalid cannot be reached: nobody knows its name (DNS)"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_with_the_reason(url: str, told: str) -> None:
    async def main() -> list[Finding]:
        return [one async for one in Smtp(SmtpSettings(url, FROM), lambda: NOW).check()]

    (finding,) = asyncio.run(main())
    assert (finding.verdict, finding.told) == (Verdict.FAULT, told)
