"""What patients write beside yes and no: nothing is lost, nothing is decided, and the right person reads it."""

import pytest

from tests.stories.world import World, told


def test_another_time_is_staffs_and_the_patient_gets_the_booking_link(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("Can we do 3pm instead?")
        await world.works()
        assert world.phone.said[1].startswith(
            "Sorry - please reply YES or NO. To book again: https://cal.example/dr-lee"
        )
        assert await world.staff() == ["The patient asks for another time: please call."]
        assert await world.state() == "invalid_reply"
        await world.replies("ok then yes")
        assert await world.state() == "confirmed"

    told(database, story)


def test_another_time_after_the_decision_is_staffs_too(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("YES")
        await world.works()
        await world.replies("Can we do 3pm instead?")
        await world.works()
        assert world.phone.said[2].startswith("We cannot change appointments by text. To book again:")
        assert await world.staff() == ["The patient asks for another time: please call."]
        assert await world.state() == "confirmed"

    told(database, story)


@pytest.mark.parametrize("words", ["Wrong number", "who is this?", "You have the wrong person"])
def test_a_wrong_number_hears_nothing_more_and_a_person_looks_for_the_patient(words: str, database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies(words)
        await world.works()
        assert len(world.phone.said) == 1
        assert await world.staff() == [
            "Somebody else seems to have this phone: nothing more is sent, please find the patient."
        ]
        world.clock.passes(hours=30)
        await world.reminders_run()
        await world.works()
        assert len(world.phone.said) == 1

    told(database, story)


def test_whoever_has_this_phone_may_say_yes_after_all(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("who is this?")
        await world.replies("Oh sorry, YES")
        await world.works()
        assert await world.state() == "confirmed"
        assert world.phone.said[1:] == ["Confirmed. See you Tuesday!"]

    told(database, story)


def test_a_stop_after_a_wrong_number_is_a_stop(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("wrong number")
        await world.replies("STOP")
        await world.replies("YES")
        await world.works()
        assert (await world.conversation()).opted_out
        assert len(world.phone.said) == 1

    told(database, story)


@pytest.mark.parametrize("thanks", ["Thanks!", "thank you so much", "👍", "great, thanks", "ok"])
def test_thanks_after_the_decision_need_no_answer_and_nobody(thanks: str, database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("yes")
        await world.works()
        await world.replies(thanks)
        await world.works()
        assert len(world.phone.said) == 2
        assert await world.staff() == []
        assert await world.state() == "confirmed"

    told(database, story)


def test_an_answer_with_something_beside_it_counts_and_a_person_reads_it(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("Yes. Do I need to bring anything?")
        await world.works()
        assert await world.state() == "confirmed"
        assert await world.staff() == ["The patient has answered, and written more beside it: please read it."]

    told(database, story)


def test_a_yes_to_a_day_on_which_nothing_is_is_asked_again(database: str) -> None:
    async def story(world: World) -> None:
        await world.books()
        await world.works()
        await world.replies("Yes, see you on Thursday")
        assert await world.state() == "invalid_reply"
        await world.replies("Yes, see you on Tuesday")
        assert await world.state() == "confirmed"

    told(database, story)


STOPS = {
    "en": "stop please",
    "es": "no me manden más mensajes",
    "de": "bitte keine SMS mehr",
    "fr": "arrêtez de m'écrire",
    "pt": "parem de mandar mensagens",
    "it": "non scrivetemi più",
    "pl": "proszę nie pisać",
    "nl": "stop met sms'en",
}


@pytest.mark.parametrize("language", STOPS)
def test_stop_is_honoured_in_the_patients_own_words(language: str, database: str) -> None:
    async def story(world: World) -> None:
        await world.books(language=language)
        await world.works()
        await world.replies(STOPS[language])
        await world.works()
        assert (await world.conversation()).opted_out
        assert len(world.phone.said) == 1

    told(database, story)
