"""Templates, and how they say moments and numbers: in the visitor's language, on the clinic's clock."""

from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from entrypoints.desk.links import booking_path
from entrypoints.desk.visit import Visit
from entrypoints.desk.words import LANGUAGES
from entrypoints.logs import mask
from entrypoints.web.templates import templates

NAVIGATION = (
    ("today", "/"),
    ("inbox", "/inbox"),
    ("bookings", "/bookings"),
    ("numbers", "/numbers"),
    ("errands", "/errands"),
)
SECTIONS = dict(NAVIGATION).values()
UNKNOWN = "–"
ONCE = ("said", "phone")  # what one answer tells, and the next does not repeat

TEMPLATES = templates(Path(__file__).parent / "templates")


def render(visit: Visit, template: str, status: int = 200, /, **context: object) -> HTMLResponse:
    """The template with this context, and with `visit` and `words`."""
    said = f"said.{visit.request.query_params.get('said', '')}"
    usual = {
        "visit": visit,
        "words": visit.words,
        "navigation": NAVIGATION,
        "section": visit.section if visit.section in SECTIONS else "/",
        "languages": LANGUAGES,
        "said": visit.words(said) if visit.words.has(said) else "",
    }
    return HTMLResponse(TEMPLATES.get_template(template).render({**usual, **context}), status)


def go_to(path: str, said: str = "", **query: str) -> Response:
    """After something was done, or could not be: show this page, which tells so (the words of `said.<said>`)."""
    address, _, asked_before = path.partition("?")
    before = {name: value for name, value in parse_qsl(asked_before) if name not in ONCE}
    asked = before | query | ({"said": said} if said else {})
    return RedirectResponse(address + (f"?{urlencode(asked)}" if asked else ""), 303)


@pass_context
def moment(context: Context, at: datetime | None) -> str:
    """Tue 12 May 10:30; with its year where that is another one."""
    return _said(context, at, "moment")


@pass_context
def moment_with_seconds(context: Context, at: datetime | None) -> str:
    """Tue 12 May 10:30:05"""
    return _said(context, at, "moment_with_seconds", by_year=False)


@pass_context
def day(context: Context, at: datetime | None) -> str:
    """Tue 12 May"""
    return _said(context, at, "day")


@pass_context
def clock_time(context: Context, at: datetime | None) -> str:
    """10:30"""
    return _said(context, at, "time", by_year=False)


@pass_context
def number(context: Context, value: float) -> str:
    """1,234"""
    return format_decimal(value, locale=_visit(context).words.locale)


@pass_context
def percent(context: Context, share: float) -> str:
    """A share between 0 and 1: 85%"""
    return format_percent(share, locale=_visit(context).words.locale)


def masked(phone: str | None) -> str:
    """…43"""
    return mask(phone) if phone else UNKNOWN


@pass_context
def csrf(context: Context) -> Markup:
    """The hidden field that every form needs."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(_visit(context).session.csrf)


@pass_context
def in_language(context: Context, code: str) -> str:
    """The link that shows this page in another language."""
    asked = [pair for pair in _visit(context).request.query_params.multi_items() if pair[0] not in ("lang", "said")]
    return f"?{urlencode([*asked, ('lang', code)])}"


@pass_context
def path_of(context: Context, uid: str) -> str:
    """The page of a booking of this clinic."""
    return booking_path(_visit(context).base, uid)


@pass_context
def with_query(context: Context, **changes: str) -> str:
    """The link to this page with something else in its query; "" takes it out. A message is told once."""
    asked = dict(_visit(context).request.query_params) | {"said": ""} | changes
    return f"?{urlencode({name: value for name, value in asked.items() if value})}"


def in_clinic_time(visit: Visit, at: datetime, pattern: str = "moment", *, by_year: bool = True) -> str:
    """A moment on the clinic's clock; the pattern's name is that of a `format`."""
    zone = ZoneInfo(visit.clinic.time_zone)
    local = at.astimezone(zone)
    if by_year and local.year != visit.now.astimezone(zone).year:
        pattern = f"{pattern}_with_year"
    return format_datetime(local, visit.words(f"format.{pattern}"), locale=visit.words.locale)


def _visit(context: Context) -> Visit:
    visit: Visit = context["visit"]  # a macro needs `import … with context`
    return visit


def _said(context: Context, at: datetime | None, pattern: str, *, by_year: bool = True) -> str:
    if at is None:
        return UNKNOWN
    return in_clinic_time(_visit(context), at, pattern, by_year=by_year)


TEMPLATES.filters.update(
    {filter_.__name__: filter_ for filter_ in (moment, moment_with_seconds, day, clock_time, number, percent, masked)}
)
TEMPLATES.globals.update({"csrf": csrf, "in_language": in_language, "with_query": with_query, "booking_path": path_of})
