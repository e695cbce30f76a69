"""`replyes`: one command for each thing that people do with it. Every command is a thin shell.

Exit codes: 0 done, 1 a fault in the world or in the settings (told on stderr, one line a fault), 2 wrong usage.
What a command needs is imported by that command, so that `replyes interpret` does not wait for a web server.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from domain.errors import Misconfigured, ReplyesError, UnknownClinic

if TYPE_CHECKING:
    from entrypoints.store import Store


Result = TypeVar("Result")


class Told(click.Group):
    """Faults are told in a line each, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ReplyesError as error:
            for fault in error.faults if isinstance(error, Misconfigured) else [str(error)]:
                click.echo(f"replyes: {fault}", err=True)
            return ctx.exit(1)


class Moment(click.ParamType[datetime]):
    """An ISO 8601 moment; without an offset it is UTC."""

    name = "ISO"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment; write it like 2026-05-12T10:30:00Z", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@click.group(cls=Told, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="replyes")
def main() -> None:
    """SMS opt-in confirmations for Cal.com: the patient replies YES or NO."""


@main.command()
@click.option("--sandbox", is_flag=True, help="A fake phone and a fake Cal.com on a page; no account needed.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--reload", is_flag=True, help="Start again when the code changes.")
def serve(*, sandbox: bool, host: str, port: int, reload: bool) -> None:
    """Web, worker and the regular rounds in one process."""
    from entrypoints import reloading
    from entrypoints import serve as serving

    options = serving.Options(host, port, sandbox)
    with serving.bind(options) as listening:
        if reload:
            reloading.run(options, listening)
        else:
            asyncio.run(serving.serve(options, listening))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def web(*, host: str, port: int) -> None:
    """Only answer webhooks: one of many replicas; errands are the workers'."""
    from entrypoints import serve as serving

    options = serving.Options(host, port, works=False)
    with serving.bind(options) as listening:
        asyncio.run(serving.serve(options, listening))


@main.command()
def worker() -> None:
    """Only carry out errands and the regular rounds: one of many replicas."""
    from entrypoints import serve as serving

    asyncio.run(serving.work())


@main.command()
def migrate() -> None:
    """Bring the database up to date."""
    from adapters.storage import migrations
    from entrypoints.settings import Settings, environment

    settings = Settings(environment())
    store = settings.store()
    settings.check()
    applied = migrations.migrate(store.url)
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("the database is up to date")


@main.command()
@click.option("--now", type=Moment(), help="As if it were this moment; what it queues is due at once.")
@click.option("--dry-run", is_flag=True, help="Only tell what is due.")
def expire(now: datetime | None, *, dry_run: bool) -> None:
    """One pass of the scheduled expiry job, for cron."""
    from entrypoints import expiry_job

    told, failed = _with_store(lambda store: expiry_job.run(store, now, dry_run=dry_run))
    click.echo(told)
    sys.exit(1 if failed else 0)


@main.command()
@click.option("--all", "everything", is_flag=True, help="Bookings from before the installation as well.")
def reconcile(*, everything: bool) -> None:
    """Take in what webhooks missed: bookings of Cal.com, texts of the carrier."""
    from entrypoints import reconciling

    told, problems = asyncio.run(reconciling.run(everything=everything))
    click.echo(told)
    for problem in problems:
        click.echo(f"replyes: {problem}", err=True)
    sys.exit(1 if problems else 0)


@main.command()
@click.option("--state", default="", help="Only bookings in this state.")
@click.option("--clinic", default="", metavar="KEY", help="Only bookings of this clinic.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def bookings(state: str, clinic: str, *, as_json: bool) -> None:
    """List the bookings."""
    from domain.lifecycle import State
    from entrypoints import listing

    if state and state not in set(State):
        raise click.BadParameter(f"choose one of {', '.join(State)}", param_hint="--state")
    with _known_clinic():
        rows, clinics = _with_store(lambda store: listing.look(store, state, clinic))
    told = (
        json.dumps(listing.documents(rows), ensure_ascii=False) if as_json else "\n".join(listing.lines(rows, clinics))
    )
    click.echo(told)


@main.command()
@click.argument("uid")
@click.option("--at", type=Moment(), help="Only what had happened by this moment.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def audit(uid: str, at: datetime | None, *, as_json: bool) -> None:
    """Tell the dated story of one booking."""
    from entrypoints import audit as auditing

    stories = _with_store(lambda store: auditing.stories(store, uid, at))
    if as_json:
        click.echo(json.dumps(auditing.document(stories), ensure_ascii=False))
    else:
        click.echo("\n\n".join("\n".join(auditing.lines(story)) for story in stories))


@main.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--dead", is_flag=True, help="Only what nobody tries any more.")
@click.pass_context
def outbox(ctx: click.Context, *, as_json: bool, dead: bool) -> None:
    """List what is still to be done outside: the errands, and the channels that are shut. An ID may be shortened to its
    first 6 digits."""
    from entrypoints import errands

    if ctx.invoked_subcommand is not None:
        if as_json or dead:
            raise click.UsageError("--json and --dead are for the list")
        return
    rows, shut, clinics = _with_store(lambda store: errands.look(store, dead=dead))
    if as_json:
        click.echo(json.dumps(errands.document(rows, shut), ensure_ascii=False))
    else:
        click.echo("\n".join(errands.lines(rows, shut, clinics)))


@outbox.command()
@click.argument("errand", metavar="ID")
def show(errand: str) -> None:
    """Everything about one errand."""
    from entrypoints import errands

    click.echo("\n".join(errands.details(_with_store(lambda store: errands.find(store, errand)))))


@outbox.command()
@click.argument("errand", metavar="ID")
def retry(errand: str) -> None:
    """Try it again now. A text in doubt is looked up again, and never simply sent."""
    from entrypoints import errands

    click.echo(_with_store(lambda store: errands.retry(store, errand)))


@outbox.command()
@click.argument("errand", metavar="ID")
@click.argument("fate", type=click.Choice(["sent", "unsent"]))
def resolve(errand: str, fate: str) -> None:
    """Tell what became of a text in doubt: it was sent, or it was not and is sent now."""
    from entrypoints import errands

    click.echo(_with_store(lambda store: errands.resolve(store, errand, fate)))


@main.command()
@click.option("--verify", is_flag=True, help="Change nothing; tell each row that differs.")
def replay(*, verify: bool) -> None:
    """Rebuild the views from the log: they are computed beside the live ones, and what differs is put right. The
    service may go on working."""
    from entrypoints import replaying

    told, differs = _with_store(lambda store: replaying.run(store, _progress, click.echo, verify=verify))
    click.echo(told)
    sys.exit(1 if verify and differs else 0)


@main.command()
@click.option("--readable", is_flag=True, help="For people: what is private is opened. It cannot be imported.")
@click.argument("file", type=click.Path(), default="-")
def export(file: str, *, readable: bool) -> None:
    """Write the whole log, with all that another database needs to go on, into a new FILE, or to stdout. The service
    may go on working; stop it where another database shall take its place."""
    from entrypoints import moving

    told = _with_store(lambda store: moving.export(store, file, _progress, for_people=readable))
    click.echo(f"replyes: {told}", err=True)


@main.command("import")
@click.argument("file", type=click.Path())
def bring_in(file: str) -> None:
    """Take in what `replyes export` has written, from FILE or, with -, from stdin, into an empty database. If this
    breaks off, run it again."""
    from entrypoints import logs, moving
    from entrypoints.settings import Settings, environment

    settings = Settings(environment())
    store_settings, log_settings = settings.store(), settings.logs()
    settings.check()
    logs.set_up(log_settings)
    click.echo(asyncio.run(moving.bring_in(store_settings, file, _progress)))


@main.command()
@click.option("--language", default="en", help="A language code; English is always understood.")
@click.option("--why", is_flag=True, help="Also tell the rule that decided.")
@click.argument("text", nargs=-1)
def interpret(language: str, why: bool, text: tuple[str, ...]) -> None:
    """YES, NO, UNCLEAR, STOP, START or HELP for each TEXT; without TEXT, for each line of stdin."""
    from domain.replies import interpret as meaning_of

    for one in text or _lines_of_stdin():
        meaning = meaning_of(one, (language,))
        click.echo("\t".join([meaning.label, one, *([meaning.rule] if why else [])]))


@main.command()
@click.option("--language", default="", help="A language code; without it, the clinic's languages.")
@click.option("--clinic", default="", metavar="KEY", help="Only this clinic's texts.")
def preview(language: str, clinic: str) -> None:
    """Show every text with an example's data: its segments, its encoding, and what WORDING_FILE changes."""
    from domain.languages import codes, short
    from entrypoints import preview as previewing
    from entrypoints.clinics_file import one_of, read_clinics
    from entrypoints.settings import Settings, environment

    if language and (language := short(language)) not in codes():
        raise click.BadParameter(f"choose one of {', '.join(codes())}", param_hint="--language")
    settings = Settings(environment())
    clinics = read_clinics(settings)
    settings.check()
    with _known_clinic():
        shown = [clinics[one_of(clinics, clinic)]] if clinic else list(clinics.values())
    click.echo("\n\n".join("\n".join(previewing.of_clinic(one, language, len(clinics))) for one in shown))
    for warning in settings.warnings:
        click.echo(f"replyes: {warning}", err=True)


@main.command()
@click.option("--register", is_flag=True, help="Register the webhook in Cal.com where it is missing, or mend it.")
@click.option("--yes", is_flag=True, help="With --register: do not ask before.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def doctor(*, register: bool, yes: bool, as_json: bool) -> None:
    """Ask every part, and name each fault with its cure; exit 1 if there is any. Nothing is changed without
    --register."""
    from domain.checks import Verdict
    from entrypoints import doctor as doctors
    from entrypoints.settings import environment

    if yes and not register:
        raise click.UsageError("--yes is for --register")
    if as_json and register and not yes:
        raise click.UsageError("--json asks nothing: add --yes to --register")
    found = doctors.consult(
        environment(),
        (lambda _: None) if as_json else click.echo,
        _paint,
        (lambda told: yes or _agrees(told)) if register else None,
    )
    if as_json:
        click.echo(json.dumps(doctors.document(found), ensure_ascii=False))
    sys.exit(1 if found.number(Verdict.FAULT) else 0)


@main.command()
def password() -> None:
    """Ask for the password of the staff's pages, and print what DESK_PASSWORD can be set to in its place. Where nobody
    sits at a terminal, the password is the first line of stdin."""
    from entrypoints.desk.passwords import hashed
    from entrypoints.settings import SHORTEST_DESK_PASSWORD

    if sys.stdin.isatty():
        chosen = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        chosen = next(_lines_of_stdin(), "")
    if len(chosen.strip()) < SHORTEST_DESK_PASSWORD:
        raise Misconfigured([f"a password has {SHORTEST_DESK_PASSWORD} characters or more; choose a longer one"])
    click.echo(hashed(chosen))


@main.command()
def diagram() -> None:
    """The state diagram (Mermaid) from the table of moves."""
    from domain.lifecycle import mermaid

    click.echo(mermaid())


def _paint(verdict: str, mark: str) -> str:
    """Colours are for terminals: click leaves them out elsewhere."""
    return click.style(mark, fg={"good": "green", "unsure": "yellow"}.get(verdict, "red"))


def _agrees(told: str) -> bool:
    """Ask who sits at the terminal; where nobody does, tell the command."""
    if sys.stdin.isatty():
        return click.confirm(f"Shall I {told}?")
    click.echo(f"To {told}, run: replyes doctor --register --yes")
    return False


def _with_store(ask: "Callable[[Store], Awaitable[Result]]") -> Result:
    from entrypoints import logs
    from entrypoints.clinics_file import read_clinics
    from entrypoints.settings import Settings, environment
    from entrypoints.store import open_store

    settings = Settings(environment())
    clinics, store_settings, log_settings = read_clinics(settings), settings.store(), settings.logs()
    settings.check()
    logs.set_up(log_settings)

    async def run() -> Result:
        async with open_store(store_settings, clinics) as store:
            return await ask(store)

    return asyncio.run(run())


@contextmanager
def _known_clinic() -> Iterator[None]:
    """A clinic that does not exist is wrong usage."""
    try:
        yield
    except UnknownClinic as error:
        raise click.BadParameter(str(error), param_hint="--clinic") from error


@contextmanager
def _progress(length: int, label: str = "reading the log") -> Iterator[Callable[[int], None]]:
    """A bar for people who look on."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


def _lines_of_stdin() -> Iterator[str]:
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").rstrip("\r\n")
