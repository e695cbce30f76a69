"""What the desk's pages have in common: their words, how they say moments and numbers, and how they hear of news."""

import asyncio
import re
import string
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.clinics import Clinic
from entrypoints.desk import live as liveness
from entrypoints.desk.live import Live
from entrypoints.desk.render import TEMPLATES
from entrypoints.desk.sessions import Session
from entrypoints.desk.site import Site
from entrypoints.desk.visit import Visit
from entrypoints.desk.words import LANGUAGES, choose, texts, words
from tests.databases import new_database
from tests.entrypoints.conftest import Product, booked, cal, new_product
from tests.entrypoints.desk_kit import Desk

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 5, 8, 14, 0, tzinfo=UTC)


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with new_database("sqlite", tmp_path) as url, new_product(url) as product:
        yield product


@pytest.fixture
def staff(product: Product) -> Desk:
    desk = Desk(product)
    desk.sign_in()
    return desk


# -- Words ------------------------------------------------------------------------------------------------------


def placeholders(language: str) -> dict[str, set[str]]:
    """What each text wants to be filled in. Of two forms by number, what they want together."""
    found: dict[str, set[str]] = {}
    for key, text in texts(language).items():
        wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        found.setdefault(re.sub(r"\.(one|other)$", "", key), set()).update(wanted)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language: str) -> None:
    assert texts(language).keys() == texts("en").keys()
    assert placeholders(language) == placeholders("en")
    assert not [key for key, text in texts(language).items() if not text.strip()]


def test_a_text_is_chosen_by_number() -> None:
    assert "a minute" in words("en")("sign_in.too_often", n=1)
    assert "3 minutes" in words("en")("sign_in.too_often", n=3)


def test_a_text_that_does_not_exist_is_a_fault() -> None:
    with pytest.raises(KeyError):
        words("en")("today.nonsense")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "entrypoints/desk/templates").glob("*.html")), ids=lambda path: path.name
)
def test_a_page_holds_no_script_and_no_style_and_only_known_words(path: Path) -> None:
    page = path.read_text("utf-8")
    assert not re.search(r"<style|style=|<script(?![^>]*\bsrc=)|\bon\w+=|\|\s*safe", page)
    assert {key for key in re.findall(r'words\("([a-z_.]+[a-z_])"', page) if not words("en").has(key)} == set()


@pytest.mark.parametrize(
    ("chosen", "accepted", "clinic", "spoken"),
    [
        ("de", "es", ["en"], "de"),
        ("xx", "es", ["en"], "es"),
        ("", "fr, es;q=0.5, de;q=0.9", ["en"], "de"),
        ("", "de-AT", ["en"], "de"),
        ("", "fr;q=1, de;q=0", ["es"], "es"),
        ("", "", ["fr", "es"], "es"),
        ("", "*", ["de-ch"], "de"),
        ("", "de;q=nonsense,;;,", ["fr"], "en"),
        ("", "", [], "en"),
    ],
)
def test_the_language_is_the_visitors_else_the_browsers_else_the_clinics(
    chosen: str, accepted: str, clinic: list[str], spoken: str
) -> None:
    assert choose(chosen, accepted, clinic) == spoken


def test_a_language_is_chosen_by_a_link_and_remembered(staff: Desk) -> None:
    answer = staff.get("/probe?q=a+b&lang=de&page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/probe?q=a+b&page=2")
    page = staff.get("/", **{"accept-language": "es"}).text
    assert '<html lang="de">' in page
    assert "Posteingang" in page


def test_a_language_that_we_do_not_speak_changes_nothing(staff: Desk) -> None:
    assert staff.get("/?lang=xx", **{"accept-language": "es"}).status_code == 200
    assert '<html lang="es">' in staff.get("/", **{"accept-language": "es"}).text


def test_a_stranger_reads_the_door_in_his_language(product: Product) -> None:
    assert "Contraseña" in Desk(product).get("/sign-in", **{"accept-language": "es"}).text


# -- The frame --------------------------------------------------------------------------------------------------


def test_the_page_that_is_shown_is_marked(staff: Desk) -> None:
    marked = re.findall(r'<a href="(\S+)" aria-current="page">', staff.get("/?said=nothing").text)
    assert marked == ["/"]


def test_what_is_searched_for_is_text_and_never_markup(staff: Desk) -> None:
    page = staff.get("/?q=%22%3E%3Cscript%3E").text
    assert "<script>" not in page
    assert "&#34;&gt;&lt;script&gt;" in page


# -- Moments and numbers ----------------------------------------------------------------------------------------


def shown(template: str, language: str = "en", **context: object) -> str:
    """A template with a clinic in Berlin."""
    clinic = Clinic("main", "Praxis", time_zone="Europe/Berlin")
    site = Site({"main": clinic}, "https://replyes.example.org", is_open=True)
    visit = Visit(None, site, clinic, Session("Ana", "token"), words(language), NOW)
    return TEMPLATES.from_string(template).render(visit=visit, words=visit.words, **context).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("template", "language", "reads"),
    [
        ("{{ at | moment }}", "en", "Tue 12 May 10:30"),
        ("{{ at | moment }}", "de", "Di. 12. Mai 10:30"),
        ("{{ at | moment }}", "es", "mar 12 may 10:30"),
        ("{{ at | day }}", "de", "Di. 12. Mai"),
        ("{{ at | clock_time }}", "en", "10:30"),
        ("{{ far | moment }}", "en", "Thu 14 Jan 2027 09:30"),
        ("{{ none | moment }}", "en", "–"),
        ("{{ 1234.5 | number }}", "de", "1.234,5"),
        ("{{ 0.85 | percent }}", "en", "85%"),
        ("{{ '+12025550143' | masked }}", "en", "…43"),
        ("{{ none | masked }}", "en", "–"),
        ("{{ csrf() }}", "en", '<input type="hidden" name="csrf" value="token">'),
    ],
)
def test_moments_and_numbers_read_as_people_write_them(template: str, language: str, reads: str) -> None:
    moments = {"at": datetime(2026, 5, 12, 8, 30, tzinfo=UTC), "far": datetime(2027, 1, 14, 8, 30, tzinfo=UTC)}
    assert shown(template, language, none=None, **moments).replace("\xa0", " ") == reads


# -- News -------------------------------------------------------------------------------------------------------


async def next_of(stream: AsyncIterator[str]) -> str:
    async with asyncio.timeout(10):
        return await anext(stream)


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks for news without waiting, so that no test does."""
    monkeypatch.setattr(liveness, "LOOK_EVERY", 0.01)


@pytest.mark.usefixtures("_at_once")
def test_an_open_page_hears_of_a_commit_until_the_server_stops(product: Product) -> None:
    stopping = asyncio.Event()
    live = Live(product.service.store.views.position, stopping)

    async def watch() -> list[str]:
        stream = live.stream()
        heard = [await next_of(stream)]
        await product._send(cal(booked()))
        heard.append(await next_of(stream))
        stopping.set()
        async with asyncio.timeout(10):
            heard += [event async for event in stream]
        return heard

    assert product.runner.run(watch()) == ["data: 0\n\n", "data: 3\n\n"]
    assert live._looking is None


@pytest.mark.usefixtures("_at_once")
def test_all_pages_share_one_look_and_the_last_one_ends_it() -> None:
    looks = 0

    async def position() -> int:
        nonlocal looks
        looks += 1
        return 7

    async def watch() -> None:
        live = Live(position, asyncio.Event())
        streams = [live.stream() for _ in range(20)]
        assert {await next_of(stream) for stream in streams} == {"data: 7\n\n"}
        for stream in streams[1:]:
            await stream.aclose()
        assert live._looking
        await streams[0].aclose()
        assert live._looking is None
        again = live.stream()
        assert await next_of(again) == "data: 7\n\n"
        await again.aclose()

    asyncio.run(watch())
    assert looks < 20


@pytest.mark.usefixtures("_at_once")
def test_a_quiet_page_is_pinged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "PING_EVERY", 0.01)

    async def position() -> int:
        return 7

    async def watch() -> list[str]:
        stream = Live(position, asyncio.Event()).stream()
        heard = [await next_of(stream), await next_of(stream)]
        await stream.aclose()
        return heard

    assert asyncio.run(watch()) == ["data: 7\n\n", ": still here\n\n"]


@pytest.mark.usefixtures("_at_once")
def test_a_database_that_is_away_is_asked_again(product: Product) -> None:
    answers: list[int | Exception] = [ValueError("a fault of ours"), 5]

    async def position() -> int:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def watch() -> str:
        stream = Live(position, asyncio.Event()).stream()
        heard = await next_of(stream)
        await stream.aclose()
        return heard

    assert asyncio.run(watch()) == "data: 5\n\n"


def test_more_pages_than_we_can_serve_are_turned_away(staff: Desk) -> None:
    staff.desk._live._open = liveness.MOST_STREAMS
    assert staff.get("/events").status_code == 503


def test_a_look_at_the_news_ends(staff: Desk) -> None:
    assert staff.ask("HEAD", "/events").status_code == 200


def test_news_are_for_those_who_have_signed_in(product: Product, staff: Desk) -> None:
    assert Desk(product).get("/events").status_code == 303
    staff.stopping.set()
    answer = staff.get("/events")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
