"""Where a payload may hold the patient's phone, and which of them can be texted."""

import re
from collections.abc import Iterator

import phonenumbers

from adapters.calcom.values import Json, PayloadHints, as_object


def answer_to(responses: Json, slug: str) -> object:
    """The answer to one question of the booking form. An unanswered question has a label and no value."""
    return as_object(responses.get(slug)).get("value")


def phone_of(payload: Json, booker: Json, hints: PayloadHints) -> str | None:
    """The booker's phone in E.164 from the first place that holds one; None where none does."""
    return first_phone(_phones(payload, booker, hints), hints)


def _phones(payload: Json, booker: Json, hints: PayloadHints) -> Iterator[object]:
    """Every place where Cal.com may put the booker's phone, the surest first."""
    responses = as_object(payload.get("responses"))
    custom = as_object(payload.get("userFieldsResponses"))
    if hints.phone_field:
        yield answer_to(responses, hints.phone_field)
        yield answer_to(custom, hints.phone_field)
    yield booker.get("phoneNumber")
    yield answer_to(responses, "attendeePhoneNumber")
    yield answer_to(responses, "smsReminderNumber")
    yield payload.get("smsReminderNumber")
    yield answer_to(responses, "aiAgentCallPhoneNumber")
    yield from _phone_questions(responses)
    yield from _phone_questions(custom)
    yield _phone_of_location(responses)
    yield _phone_of_email(booker.get("email"))
    yield _phone_of_email(answer_to(responses, "email"))


def own_phones(attendee: Json) -> Iterator[object]:
    """The places that belong to this attendee alone. When a seat is given up, the rest of the payload is still about
    the booking's first booker, who stays."""
    yield attendee.get("phoneNumber")
    yield _phone_of_email(attendee.get("email"))


def first_phone(candidates: Iterator[object], hints: PayloadHints) -> str | None:
    numbers = (_e164(candidate, hints.fallback_region) for candidate in candidates)
    return next((number for number in numbers if number is not None), None)


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# A question of the clinic's own counts as the patient's phone only if every word of its slug is known here. A missed
# phone costs a call by staff (or the setting CAL_PHONE_FIELD); the phone of an "emergency-contact-phone" would tell
# somebody else of the appointment.
_PHONE_WORDS = _words(
    "phone phonenumber telephone tel mobile mobilephone mobilenumber cell cellphone sms whatsapp",
    "telefon telefonnummer mobil mobilnummer mobiltelefon handy handynummer",
    "telefono celular movil telefone telemovel cellulare telefoon telefoonnummer mobiel",
)
_FILL_WORDS = _words("number no nr num numero nummer de di do my your patient patients for reminder reminders")
_SLUG_CAP = 64
_CAMEL_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def _phone_questions(responses: Json) -> Iterator[object]:
    return (answer_to(responses, slug) for slug in responses if _asks_for_phone(slug))


def _asks_for_phone(slug: str) -> bool:
    spaced = _CAMEL_HUMP.sub("-", slug[: _SLUG_CAP + 1])
    words = {word.casefold() for word in _BETWEEN_WORDS.split(spaced) if word}
    return len(slug) <= _SLUG_CAP and bool(words & _PHONE_WORDS) and words <= _PHONE_WORDS | _FILL_WORDS


def _phone_of_location(responses: Json) -> object:
    """The number where the host calls the patient. Never that of the location "userPhone": it is the clinic's own."""
    location = as_object(answer_to(responses, "location"))
    return location.get("optionValue") if location.get("value") == "phone" else None


_PHONE_EMAIL = re.compile(r"\+?(\d{7,15})@sms\.cal\.com", re.ASCII | re.IGNORECASE)


def _phone_of_email(email: object) -> str | None:
    """Cal.com invents "12025550143@sms.cal.com" for who books with a phone alone (contructEmailFromPhoneNumber.ts)."""
    match = _PHONE_EMAIL.fullmatch(email) if isinstance(email, str) else None
    return f"+{match[1]}" if match else None


def _e164(value: object, region: str | None) -> str | None:
    """A number with a plus as it stands, one without as `region` would dial it.

    Possible is enough, because fictitious numbers (Ofcom's +44 7700 900xxx) are not valid. A local number, which lacks
    its area code, is possible as well; without a plus it cannot be dialled from elsewhere, so there it is refused.
    """
    if not isinstance(value, str):
        return None
    number = _parsed(value, None)
    if number is not None:
        return _formatted(number) if phonenumbers.is_possible_number(number) else None
    number = _parsed(value, region)
    if number is None:
        return None
    length = phonenumbers.is_possible_number_with_reason(number)
    return _formatted(number) if length == phonenumbers.ValidationResult.IS_POSSIBLE else None


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _formatted(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
