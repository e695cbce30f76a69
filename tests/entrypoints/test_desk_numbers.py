"""The page of numbers: what it says, draws, and hands out as files, for a history that is made up."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.desk import plots
from entrypoints.desk.amounts import Amounts
from entrypoints.desk.exhibits import Exhibits
from entrypoints.desk.figures import COUNTS, Span, figures
from entrypoints.desk.plots import MOST_STEPS, NARROW, WIDE, draw, steps
from entrypoints.desk.words import LANGUAGES, words
from tests import databases
from tests.databases import new_database
from tests.entrypoints.conftest import Product, booked, cal, new_product
from tests.entrypoints.desk_kit import Desk

NOW = datetime(2026, 5, 13, 10, 30, tzinfo=UTC)  # a Wednesday
BERLIN = ZoneInfo("Europe/Berlin")
PICTURES = ("outcomes", "rate", "waits", "hours", "delivery", "segments")
ADDRESSES = ["/numbers", "/numbers.csv", *(f"/numbers/{name}.svg" for name in PICTURES)]
NAMESPACE = "http://www.w3.org/2000/svg"
STATIC = Path(plots.__file__).parent / "static"

HISTORY: Mapping[str, Mapping[str, int]] = {
    "2026-01-20T09:00Z": {"confirmed": 1, "cancelled": 1, "texts": 4, "segments": 4, "within_1m": 2, "decided": 2},
    "2026-05-03T21:30Z": {"confirmed": 4, "cancelled": 1, "by_staff": 1, "decided": 5, "heard": 6, "within_5m": 5},
    "2026-05-03T22:00Z": {"expired": 1, "called_for_staff": 2, "unclear": 1, "within_1m": 1},
    "2026-05-12T06:30Z": {
        "requested": 9,
        "texts": 1200,
        "segments": 1500,
        "delivered": 9,
        "undelivered": 1,
        "refused": 2,
    },
    "2026-05-13T10:00Z": {"confirmed": 2, "in_calendar": 1, "decided": 2, "within_15m": 2},
}


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with new_database("sqlite", tmp_path) as url, new_product(url) as product:
        yield product


@pytest.fixture
def staff(product: Product) -> Desk:
    """Somebody at the desk of a clinic in Berlin, on the day of NOW."""
    desk = Desk(product)
    guard = desk.desk._guard
    guard._now = lambda: NOW
    guard._site = replace(guard._site, clinics={"main": replace(guard._site.front, time_zone="Europe/Berlin")})
    desk.sign_in()
    return desk


@pytest.fixture
def busy(staff: Desk) -> Desk:
    """The same with a HISTORY."""
    for at, counts in HISTORY.items():
        count(staff.product, at, counts)
    return staff


def count(product: Product, at: str, counts: Mapping[str, int]) -> None:
    """Write into the numbers of a half hour what never happened."""
    slot = int(datetime.fromisoformat(at).timestamp() * 1000)
    columns, marks = ", ".join(counts), ", ".join("?" for _ in counts)
    sql = f"INSERT INTO numbers (clinic, slot, {columns}) VALUES ('main', ?, {marks})"
    databases.meddle(product.url, sql, slot, *counts.values())


def text_of(html: str) -> str:
    """What is read, in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).replace("\xa0", " ").split())


def tile(page: str, name: str) -> str:
    found = re.search(rf'id="tile-{name}">(.*?)</li>', page, re.DOTALL)
    assert found
    return text_of(found[1])


def lines(page: str, name: str) -> list[str]:
    """The lines of the table under a picture."""
    found = re.search(rf'<figure id="{name}">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    assert found
    return [text_of(line) for line in found[1].split("<tr>")[1:]]


# -- What it says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("confirmation_rate", "75% Difference: +25 points 6 confirmed by the patient, of 8 that"),
        ("usual_wait", "5 min Difference: before: 1 min half of the answers came within 5 minutes"),
        ("unclear_share", "12% Difference: +12 points 1 of 8 replies"),
        ("delivery_rate", "90% of the texts whose end is known; the carrier refused 2 more"),
        ("segments", "1,500 Difference: +1,496 in 1,200 texts, 1.25 per text"),
        ("called_for_staff", "2 Difference: +2 items"),
    ],
)
def test_the_main_figures_tell_how_they_differ_from_before(busy: Desk, name: str, reads: str) -> None:
    assert reads in tile(busy.get("/numbers").text, name)


def test_a_change_for_the_better_is_told_from_one_for_the_worse(busy: Desk) -> None:
    tones = re.findall(r'class="change (\w*)"', busy.get("/numbers").text)
    assert tones == ["good", "bad", "bad", "", "bad"]


@given(st.floats(0, 1), st.floats(0, 1))
def test_points_are_the_difference_of_the_percentages_that_are_shown(now: float, before: float) -> None:
    say = Amounts(words("en"))
    shown, shown_before = (int(say.percent(share).removesuffix("%")) for share in (now, before))
    assert say.points_between(now, before) == shown - shown_before


def test_what_cannot_be_divided_is_a_dash(staff: Desk) -> None:
    count(staff.product, "2026-05-12T06:30Z", {"requested": 1})
    page = staff.get("/numbers").text
    for name in ("confirmation_rate", "usual_wait", "unclear_share", "delivery_rate"):
        assert " – " in tile(page, name)
    assert "Difference" not in page
    assert "– per text" in tile(page, "segments")


def test_a_week_begins_on_monday_at_midnight_on_the_clinics_clock(busy: Desk) -> None:
    told = lines(busy.get("/numbers?weeks=4").text, "outcomes")
    assert told == ["20 Apr 2026 0 0 0 0 0", "27 Apr 2026 4 1 0 1 0", "4 May 2026 0 0 1 0 0", "11 May 2026 2 0 0 0 1"]


@pytest.mark.parametrize(
    ("name", "line", "reads"),
    [
        ("rate", 1, "27 Apr 2026 80% 4 5"),
        ("rate", 0, "20 Apr 2026 – 0 0"),
        ("waits", 1, "within 5 minutes 5 75%"),
        ("hours", 23, "23:00 5 0"),
        ("hours", 0, "00:00 0 1"),
        ("delivery", 3, "11 May 2026 9 1 2"),
        ("segments", 3, "11 May 2026 1,200 1,500 1.25"),
    ],
)
def test_under_each_picture_is_a_table_of_the_same_numbers(busy: Desk, name: str, line: int, reads: str) -> None:
    assert lines(busy.get("/numbers?weeks=4").text, name)[line] == reads


def test_each_picture_says_in_words_what_it_shows(busy: Desk) -> None:
    said = re.findall(r'<img src="(\S+)" [^>]*alt="([^"]+)"', busy.get("/numbers?weeks=4").text)
    assert [src for src, _ in said] == [f"/numbers/{name}.svg?weeks=4" for name in PICTURES]
    assert "6 confirmed, 1 cancelled, 1 expired, 1 settled by staff, 1 in Cal.com" in said[0][1]
    assert "75%; lowest week 0%, highest week 100%" in said[1][1]
    assert "had come within 5 minutes; 100% within an hour" in said[2][1]
    assert "the hour from 23:00; decided: 7, unclear: 1" in said[3][1]


def test_where_nothing_was_counted_there_are_kind_words_and_no_pictures(staff: Desk) -> None:
    page = staff.get("/numbers").text
    assert "you will see here how they answer" in page
    assert "<img" not in page


@pytest.mark.parametrize(
    "query", ["", "weeks=", "weeks=0", "weeks=-4", "weeks=4.0", "weeks=x%00", "weeks=٤", "weeks=5"]
)
def test_what_is_not_a_span_is_twelve_weeks(busy: Desk, query: str) -> None:
    assert len(lines(busy.get(f"/numbers?{query}").text, "outcomes")) == 12


def test_a_year_is_52_weeks(busy: Desk) -> None:
    assert len(lines(busy.get("/numbers?weeks=52").text, "outcomes")) == 52


@pytest.mark.parametrize(("language", "says"), [("de", "Bestätigungsquote"), ("es", "Tasa de confirmación")])
def test_the_page_speaks_the_visitors_language(busy: Desk, language: str, says: str) -> None:
    assert says in busy.get("/numbers", **{"accept-language": language}).text


def test_a_stranger_is_led_to_the_door(product: Product) -> None:
    for address in ADDRESSES:
        answer = Desk(product).get(f"{address}?weeks=4")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={address}%3Fweeks%3D4")


def test_the_figures_are_read_once_until_something_happens(busy: Desk) -> None:
    assert lines(busy.get("/numbers?weeks=4").text, "outcomes")[-1] == "11 May 2026 2 0 0 0 1"
    count(busy.product, "2026-05-13T09:00Z", {"confirmed": 10})
    assert lines(busy.get("/numbers?weeks=4").text, "outcomes")[-1] == "11 May 2026 2 0 0 0 1"
    busy.product.send(cal(booked()))
    assert lines(busy.get("/numbers?weeks=4").text, "outcomes")[-1] == "11 May 2026 12 0 0 0 1"


# -- Pictures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["", "narrow", "nonsense"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_an_svg_without_script_or_anything_from_elsewhere(busy: Desk, name: str, size: str) -> None:
    answer = busy.get(f"/numbers/{name}.svg?weeks=52&size={size}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{{{NAMESPACE}}}svg"
    assert {element.tag for element in root.iter()} <= {f"{{{NAMESPACE}}}{tag}" for tag in plots.MARKUP | {"svg"}}
    assert not re.search(r"//|url\(|href|@import|\bon\w+=", answer.text.replace(NAMESPACE, ""))


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ["What became of the bookings, by week", "Confirmed", "In Cal.com", "11 May"]),
        ("de", ["Was aus den Terminen wurde, nach Wochen", "Bestätigt", "In Cal.com", "11. Mai"]),
        ("es", ["Qué fue de las citas, por semanas", "Confirmadas", "En Cal.com", "11 may"]),
    ],
)
def test_a_picture_speaks_the_visitors_language(busy: Desk, language: str, says: list[str]) -> None:
    drawn = busy.get("/numbers/outcomes.svg?weeks=4", **{"accept-language": language}).content
    texts = {element.text for element in ElementTree.fromstring(drawn).iter()}
    assert set(says) <= texts


def test_only_a_picture_may_have_styles_in_itself(busy: Desk) -> None:
    picture, page = busy.get("/numbers/rate.svg").headers, busy.get("/numbers").headers
    assert picture["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert "unsafe" not in page["content-security-policy"]
    assert picture["x-content-type-options"] == page["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["nonsense", "%00", "..%2frate", "outcomes.svg"])
def test_a_picture_that_does_not_exist_is_told_so(busy: Desk, name: str) -> None:
    assert busy.get(f"/numbers/{name}.svg").status_code == 404


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_nothing_is_still_a_picture(staff: Desk, name: str) -> None:
    assert staff.get(f"/numbers/{name}.svg").status_code == 200


def test_a_rate_that_is_known_in_no_week_says_so(staff: Desk) -> None:
    assert "Nothing in these weeks" in staff.get("/numbers/rate.svg").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_colours_find_room_on_a_phone(language: str) -> None:
    room = NARROW.width / NARROW.columns - 2 * NARROW.font - 17  # the coloured square and what is left blank
    for exhibit in Exhibits(words(language), figures([], Span(NOW, BERLIN, 12))).all():
        names = [series.name for series in exhibit.plot.series]
        assert len(names) == 1 or max(map(len, names)) * 0.6 * NARROW.font <= room, names


def test_the_same_picture_is_drawn_once_and_always_looks_the_same() -> None:
    plot = Exhibits(words("en"), figures([], Span(NOW, BERLIN, 12))).all()[0].plot
    drawn = draw(plot, WIDE)
    assert draw(replace(plot), WIDE) is drawn
    draw.cache_clear()
    assert draw(plot, WIDE) == drawn


@given(st.integers(0, 10**9))
def test_the_axis_has_few_whole_numbers_from_nothing_to_above_the_highest(highest: int) -> None:
    ticks = steps(highest)
    assert ticks[0] == 0
    assert highest <= ticks[-1] <= max(1, 2 * highest)
    assert 2 <= len(ticks) <= MOST_STEPS + 1
    assert len({later - earlier for earlier, later in pairwise(ticks)}) == 1


def luminance(colour: str) -> float:
    """Relative, as WCAG defines it."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("time", [0, 1], ids=["day", "night"])
def test_a_picture_can_be_seen_by_day_and_by_night(time: int) -> None:
    colours = colours_in(STATIC / "plot.css", time)
    theme = colours_in(STATIC.parents[1] / "web/static/theme.css", time)
    for shared in ("ink", "soft", "line", "card"):
        assert colours[shared] == theme[shared]
    values = [colours[f"c{number}"] for number in range(5)]
    assert all(contrast(colour, theme["card"]) >= 3 for colour in values)
    assert all(contrast(below, above) >= 1.5 for below, above in pairwise(values))
    assert contrast(colours["soft"], theme["card"]) >= 4.5


def colours_in(path: Path, time: int) -> dict[str, str]:
    """The colours of a style sheet by name: 0 by day, 1 by night."""
    sheets = path.read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", sheets[time]))


# -- Files ------------------------------------------------------------------------------------------------------


def sheet(desk: Desk, query: str) -> list[dict[str, str]]:
    """The lines of a file by the names in its head."""
    return list(csv.DictReader(StringIO(desk.get(f"/numbers.csv?{query}").content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("by", ["week", "hour"])
def test_a_file_adds_up_to_the_same_sums(busy: Desk, by: str) -> None:
    found = sheet(busy, f"weeks=4&by={by}")
    for name in COUNTS:
        told = sum(counts.get(name, 0) for at, counts in HISTORY.items() if at > "2026-04-19T22:00Z")
        assert sum(int(line[name]) for line in found) == told


def test_a_file_by_week_has_every_week(busy: Desk) -> None:
    found = sheet(busy, "weeks=4&by=week")
    assert [line["week"] for line in found] == ["2026-04-20", "2026-04-27", "2026-05-04", "2026-05-11"]
    assert [line["confirmation_rate"] for line in found] == ["", "0.8000", "0.0000", "1.0000"]


def test_a_file_by_hour_has_the_hours_on_the_clinics_clock(busy: Desk) -> None:
    found = [(line["date"], line["hour"]) for line in sheet(busy, "weeks=4&by=hour")]
    assert found == [("2026-05-03", "23"), ("2026-05-04", "0"), ("2026-05-12", "8"), ("2026-05-13", "12")]


def test_a_file_is_one_that_spreadsheets_open(busy: Desk) -> None:
    answer = busy.get("/numbers.csv?weeks=4&by=week")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="numbers-by-week-since-2026-04-20.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbfweek,requested,confirmed,")
    assert answer.content.count(b"\r\n") == answer.content.count(b"\n") == 5


@pytest.mark.parametrize("query", ["weeks=4&by=week", "weeks=4&by=hour"])
def test_no_cell_can_be_taken_for_a_formula(busy: Desk, query: str) -> None:
    cells = {cell for line in sheet(busy, query) for cell in line.values()}
    assert all(re.fullmatch(r"\d*|\d+\.\d{4}|\d{4}-\d\d-\d\d", cell) for cell in cells)


@pytest.mark.parametrize("query", ["", "by=", "by=day", "by=%00&weeks=x"])
def test_what_is_not_a_file_of_ours_is_the_one_by_week(busy: Desk, query: str) -> None:
    assert len(sheet(busy, query)) == 12
