"""The desk of several clinics: each password opens its own, and no page and no act reaches another."""

import asyncio
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from entrypoints.desk import live as liveness
from entrypoints.desk.live import Live
from entrypoints.desk.passwords import hashed
from entrypoints.desk.words import LANGUAGES, words
from tests.databases import meddle, new_database
from tests.entrypoints.clinics_kit import NORTH, SOUTH, SOUTHS_SECRET, two_clinics
from tests.entrypoints.conftest import CAL, PATIENT, UID, Product, attendee, booked, cal, called_off, new_product, text
from tests.entrypoints.desk_kit import PASSWORD, PLAIN_SESSION, Desk

AT_NORTH, AT_SOUTH = "/clinics/north", "/clinics/south"
ONLY_NORTH, ONLY_SOUTH = "only the north", "only the south"
OWN = {"north": ONLY_NORTH, "south": ONLY_SOUTH}
SOUTHS_UID = "bookingUidOfTheSouth1"
SIDS = (f"SM{number:032x}" for number in count(0xA5E))
PAGES = (
    *("/", "/?day=2099-05-12", "/inbox", "/inbox?kind=done", "/bookings", "/bookings?q=Walt", "/bookings?q=Frei"),
    *(f"/bookings?q={PATIENT[-6:]}", "/bookings?q=43", "/numbers?weeks=52", "/errands", "/errands?which=dead"),
    *("/errands?which=in_doubt", f"/bookings/{UID}"),
)


def write(product: Product, to: str, *said: str) -> None:
    for one in said:
        product.send(text(To=to, Body=one, MessageSid=next(SIDS)))
        product.deliver()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """One phone, two patients: Nora Adams at the north, Walter Frei at the south. Each has been asked and has said
    something unclear, and has booked once more, which is not asked about yet."""
    with new_database("sqlite", tmp_path) as url, two_clinics(url, tmp_path) as product:
        nora, walter = (
            attendee(name="Nora Adams", phoneNumber=PATIENT),
            attendee(name="Walter Frei", phoneNumber=PATIENT),
        )
        product.send(cal(booked(attendees=[nora]), f"{CAL}/north"))
        for uid in (SOUTHS_UID, UID):
            product.send(cal(booked(uid=uid, attendees=[walter]), f"{CAL}/south", secret=SOUTHS_SECRET))
        product.deliver()
        write(product, NORTH, "hm", "what?", "the northern car park?")
        write(product, SOUTH, "hm", "what?", "the southern car park?")
        again = {"startTime": "2099-05-13T09:30:00Z", "endTime": "2099-05-13T10:00:00Z"}
        product.send(cal(booked(uid="north2", attendees=[nora], **again), f"{CAL}/north"))
        product.send(cal(booked(uid="south2", attendees=[walter], **again), f"{CAL}/south", secret=SOUTHS_SECRET))
        meddle(url, "UPDATE outbox SET status = 'dead', attempted_at = 1000, attempts = 1, text = 'Hi'")
        yield product


def desk(product: Product, password: str) -> Desk:
    desk = Desk(product, of_clinics=OWN)
    assert desk.sign_in(password=password).status_code == 303
    return desk


@pytest.fixture
def whole(product: Product) -> Desk:
    """Somebody for whom every clinic is open."""
    return desk(product, PASSWORD)


@pytest.fixture
def north(product: Product) -> Desk:
    """Somebody of the north."""
    return desk(product, ONLY_NORTH)


def souths(product: Product, sql: str) -> dict[str, str]:
    """A row of the south."""
    ((stream, version),) = product.rows(sql)
    return {"stream": stream, "version": str(version)}


def souths_item(product: Product) -> dict[str, str]:
    return souths(product, "SELECT stream, version FROM staff_inbox WHERE clinic = 'south'")


# -- Signing in -------------------------------------------------------------------------------------------------------


def test_the_password_decides_which_clinics_are_open(product: Product) -> None:
    found = {}
    for password in (PASSWORD, ONLY_NORTH, ONLY_SOUTH):
        somebody = desk(product, password)
        found[password] = [somebody.get(f"{base}/").status_code for base in (AT_NORTH, AT_SOUTH)]
    assert found == {PASSWORD: [200, 200], ONLY_NORTH: [200, 404], ONLY_SOUTH: [404, 200]}


def test_a_wrong_password_opens_nothing_and_is_counted(product: Product) -> None:
    stranger = Desk(product, of_clinics=OWN)
    answers = [stranger.sign_in(password="guessed").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert stranger.get(f"{AT_NORTH}/").status_code == 303


def test_hashes_and_plain_passwords_may_stand_side_by_side(product: Product) -> None:
    somebody = Desk(product, password="", of_clinics={"north": "", "south": hashed(ONLY_SOUTH)})
    assert somebody.sign_in(password=ONLY_SOUTH).headers["location"] == "/"
    assert [somebody.get(f"{base}/").status_code for base in (AT_NORTH, AT_SOUTH)] == [404, 200]
    assert somebody.sign_in(password="").status_code == 401


def test_a_clinic_without_a_password_of_its_own_is_opened_by_none_but_the_whole_one(product: Product) -> None:
    somebody = Desk(product, password="", of_clinics={"north": ONLY_NORTH, "south": ""})
    assert somebody.sign_in(password="").status_code == 401


def test_without_any_password_the_desk_is_closed(product: Product) -> None:
    assert Desk(product, password="", of_clinics={"north": "", "south": ""}).get("/").status_code == 403


@pytest.mark.parametrize("changed", [{"north": "another one", "south": ONLY_SOUTH}, {"south": ONLY_SOUTH}, {}])
def test_a_changed_password_ends_the_sessions(product: Product, changed: dict[str, str]) -> None:
    before, after = desk(product, ONLY_NORTH), Desk(product, of_clinics=changed)
    after.cookies = before.cookies
    assert after.get("/").headers["location"] == "/sign-in?next=/"


def test_a_session_of_one_clinic_cannot_be_made_one_of_all(north: Desk) -> None:
    name = f"__Host-{PLAIN_SESSION}"
    cookie = str(north.cookies.get(name))
    kept, changed, rest = cookie[:-9], cookie[-9], cookie[-8:]  # of the last one, base64 leaves two bits unused
    north.cookies.set(name, kept + ("A" if changed != "A" else "B") + rest)
    assert north.get(f"{AT_NORTH}/").status_code == 303


# -- Where one is -----------------------------------------------------------------------------------------------------


def test_an_address_without_a_clinic_leads_to_the_first_that_is_open(product: Product, whole: Desk) -> None:
    south = desk(product, ONLY_SOUTH)
    assert whole.get("/inbox?kind=done").headers["location"] == f"{AT_NORTH}/inbox?kind=done"
    assert south.get(f"/bookings/{UID}").headers["location"] == f"{AT_SOUTH}/bookings/{UID}"


def test_who_has_several_may_choose_and_stays_in_the_same_part(whole: Desk) -> None:
    page = whole.get(f"{AT_NORTH}/inbox").text
    assert re.findall(r'href="(/clinics/\w+/inbox)"[^>]*>(\w+ Clinic)<', page) == [
        (f"{AT_NORTH}/inbox", "North Clinic"),
        (f"{AT_SOUTH}/inbox", "South Clinic"),
    ]
    assert "<title>Inbox · North Clinic</title>" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_choice_has_a_name_in_each_language(whole: Desk, language: str) -> None:
    whole.get(f"{AT_NORTH}/?lang={language}")
    assert f'aria-label="{words(language)("clinics.label")}"' in whole.get(f"{AT_NORTH}/").text


def test_who_has_one_clinic_does_not_read_of_others(north: Desk) -> None:
    for path in PAGES:
        page = north.get(AT_NORTH + path).text
        assert "North Clinic" in page
        assert "South" not in page


def test_a_stranger_does_not_read_which_clinics_there_are(product: Product) -> None:
    stranger = Desk(product, of_clinics=OWN)
    known, unknown = stranger.get(f"{AT_NORTH}/inbox"), stranger.get("/clinics/nowhere/inbox")
    assert (known.status_code, unknown.status_code) == (303, 303)
    assert known.headers["location"] == f"/sign-in?next={AT_NORTH}/inbox"
    assert "Clinic" not in stranger.get("/sign-in").text


def test_a_link_within_the_desk_stays_at_its_clinic(whole: Desk) -> None:
    for path in PAGES:
        links = re.findall(r'(?:href|action|src|srcset)="(/[^"]*)"', whole.get(AT_SOUTH + path).text)
        beside = [link for link in links if not link.startswith((AT_SOUTH, "/static/", "/desk/static/"))]
        assert set(beside) <= {"/sign-out", f"{AT_NORTH}/", *(f"{AT_NORTH}/{part}" for part in PARTS)}


PARTS = ("inbox", "bookings", "numbers", "errands")


def test_where_there_is_one_clinic_nothing_has_changed(tmp_path: Path) -> None:
    with new_database("sqlite", tmp_path) as url, new_product(url) as product:
        only = Desk(product)
        only.sign_in()
        page = only.get("/inbox")
        assert page.status_code == 200
        assert "/clinics/" not in page.text
        assert "<details" not in page.text
        assert only.get("/clinics/main/inbox").status_code == 404


# -- What one sees ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_its_clinic_only(whole: Desk, path: str) -> None:
    north, south = whole.get(AT_NORTH + path), whole.get(AT_SOUTH + path)
    assert (north.status_code, south.status_code) == (200, 200)
    assert not [word for word in ("Walter", "southern", SOUTHS_UID, "-south-") if word in north.text]
    assert not [word for word in ("Nora", "northern", "north2", "-north-") if word in south.text]


def test_each_clinic_shows_its_own(whole: Desk) -> None:
    for base, name, said in ((AT_NORTH, "Nora Adams", "northern"), (AT_SOUTH, "Walter Frei", "southern")):
        assert name in whole.get(f"{base}/bookings").text
        assert said in whole.get(f"{base}/inbox").text
        assert said in whole.get(f"{base}/bookings/{UID if base == AT_NORTH else SOUTHS_UID}").text
        assert name in whole.get(f"{base}/errands").text


def test_the_numbers_of_one_clinic_are_not_kept_for_the_other(product: Product, whole: Desk) -> None:
    def requested(base: str, by: str) -> int:
        lines = whole.get(f"{base}/numbers.csv?weeks=4&by={by}").text.lstrip("\ufeff").splitlines()
        place = lines[0].split(",").index("requested")
        return sum(int(line.split(",")[place]) for line in lines[1:])

    for by in ("week", "hour", "week"):
        assert [requested(base, by) for base in (AT_NORTH, AT_SOUTH)] == [2, 3]


def test_a_picture_shows_its_clinic_only(whole: Desk) -> None:
    names = re.findall(
        r'src="(/clinics/north/numbers/\w+\.svg\?weeks=4)"', whole.get(f"{AT_NORTH}/numbers?weeks=4").text
    )
    assert names
    differ = [name for name in names if whole.get(name).text != whole.get(name.replace("north", "south")).text]
    assert differ, "the south has had more texts"


def test_a_shut_channel_is_shown_at_its_clinic(product: Product, whole: Desk) -> None:
    product.sql(
        "INSERT INTO channels (clinic, channel, free_at, shut_until, trips, why)"
        " VALUES ('south', 'sms', 0, 99999999999999, 1, 'suspended')"
    )
    assert "suspended" in whole.get(f"{AT_SOUTH}/errands").text
    assert "suspended" not in whole.get(f"{AT_NORTH}/errands").text


def test_an_open_page_hears_of_its_own_clinic_only(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "LOOK_EVERY", 0.01)
    views = product.service.store.views

    async def watch() -> tuple[list[str], list[str]]:
        live = Live(views.position, asyncio.Event(), views.clinics_between)
        north, south = live.stream("north"), live.stream("south")
        async with asyncio.timeout(10):
            souths, norths = [await anext(south)], [await anext(north)]
            for uid in ("more1", "more2"):
                await product._send(cal(booked(uid=uid, startTime="2099-06-01T09:30:00Z"), f"{CAL}/north"))
                norths.append(await anext(north))
            await product._send(cal(called_off(uid=SOUTHS_UID), f"{CAL}/south", secret=SOUTHS_SECRET))
            souths.append(await anext(south))
        await north.aclose()
        await south.aclose()
        return norths, souths

    norths, souths = product.runner.run(watch())
    assert len(set(norths)) == 3
    assert souths == [norths[0], f"data: {product.runner.run(views.position())}\n\n"]


# -- What one does ----------------------------------------------------------------------------------------------------


def acts(product: Product) -> dict[str, dict[str, str]]:
    """Everything that can be done about something of the south's, as the path below a clinic and the form."""
    item = souths_item(product)
    ((errand,),) = product.rows("SELECT errand FROM outbox WHERE clinic = 'south'")
    booking = f"booking-south-{SOUTHS_UID}"
    return {
        **{f"/bookings/{SOUTHS_UID}/{act}": {} for act in ("confirm", "cancel", "ask-again")},
        **{f"/errands/{errand}/{act}": {} for act in ("retry", "sent", "unsent")},
        "/inbox/care": {**item, "care": "done"},
        "/inbox/care?calling": {**item, "care": "calling", "phone_of": booking},
        "/phone": {"stream": booking},
        "/phone?conversation": {"stream": item["stream"]},
    }


ACTS = (
    *(f"/bookings/{SOUTHS_UID}/{act}" for act in ("confirm", "cancel", "ask-again")),
    *(f"/errands/{{errand}}/{act}" for act in ("retry", "sent", "unsent")),
    *("/inbox/care", "/inbox/care?calling", "/phone", "/phone?conversation"),
)


def _act(product: Product, name: str) -> tuple[str, dict[str, str]]:
    found = acts(product)
    path = next(path for path in found if re.sub(r"[0-9a-f]{32}", "{errand}", path) == name)
    return path, found[path]


def test_every_act_of_the_desk_is_tried_here(product: Product, whole: Desk) -> None:
    routes = [route for page in whole.desk._pages for route in page.routes(whole.desk._guard)]
    paths = {route.path for route in routes if route.methods == {"POST"}}  # type: ignore[attr-defined]
    shapes = {re.sub(r"\{errand\}", "{key}", act.partition("?")[0]).replace(SOUTHS_UID, "{uid}") for act in ACTS}
    assert paths == {"/clinics/{clinic}" + shape for shape in shapes}


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("who", ["the north's", "everybody's"])
def test_an_act_at_one_clinic_does_nothing_at_another(product: Product, name: str, who: str) -> None:
    somebody = desk(product, ONLY_NORTH if who == "the north's" else PASSWORD)
    path, form = _act(product, name)
    before = product.everything()
    answer = somebody.post(AT_NORTH + path, {"csrf": somebody.csrf(f"{AT_NORTH}/"), **form})
    assert answer.status_code in (400, 404) or answer.headers["location"].endswith("said=refused_recorded")
    assert "Walter" not in answer.text
    assert product.everything() == before


@pytest.mark.parametrize("name", ACTS)
def test_an_act_at_a_clinic_that_is_not_open_is_not_there(product: Product, north: Desk, name: str) -> None:
    path, form = _act(product, name)
    before = product.everything()
    assert north.post(AT_SOUTH + path, {"csrf": north.csrf(f"{AT_NORTH}/"), **form}).status_code == 404
    assert product.everything() == before


@pytest.mark.parametrize("name", ACTS)
def test_an_act_at_its_own_clinic_is_done(product: Product, whole: Desk, name: str) -> None:
    path, form = _act(product, name)
    before = product.facts()
    answer = whole.post(AT_SOUTH + path, {"csrf": whole.csrf(f"{AT_SOUTH}/"), **form})
    assert (answer.status_code, "refused" in answer.headers["location"]) == (303, False)
    assert answer.headers["location"].startswith(AT_SOUTH)
    assert len(product.facts()) > len(before)


@pytest.mark.parametrize("path", [f"/bookings/{SOUTHS_UID}", "/bookings/south2"])
def test_a_booking_of_another_clinic_is_not_there(whole: Desk, path: str) -> None:
    assert whole.get(AT_NORTH + path).status_code == 404
    assert whole.get(AT_SOUTH + path).status_code == 200


def test_what_another_tab_shows_does_not_change_where_an_act_is_done(product: Product, whole: Desk) -> None:
    whole.get(f"{AT_NORTH}/bookings/{UID}")
    csrf = whole.csrf(f"{AT_SOUTH}/bookings/{UID}")  # the other tab, after the first
    whole.post(f"{AT_NORTH}/bookings/{UID}/confirm", {"csrf": csrf})
    found = dict(product.rows("SELECT clinic, state FROM bookings WHERE uid = ?", UID))
    assert (found["north"], found["south"] != "confirmed") == ("confirmed", True)


def test_a_number_that_was_asked_for_at_one_clinic_is_masked_at_another(product: Product, whole: Desk) -> None:
    form = {"csrf": whole.csrf(f"{AT_NORTH}/"), "stream": f"booking-north-{UID}", "back": f"{AT_NORTH}/bookings/{UID}"}
    shown = whole.post(f"{AT_NORTH}/phone", form).headers["location"]
    assert PATIENT in whole.get(shown).text
    assert PATIENT not in whole.get(shown.replace("north", "south")).text
