"""What only a person can settle. Facts keep a code and a detail; the sentence for the inbox is made here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Staff(StrEnum):
    """Why staff is called. The values are stored for ever."""

    NO_PHONE = "no_phone"
    NO_TIME_TO_ASK = "no_time_to_ask"
    OPTED_OUT = "opted_out"
    CANCELLED_AND_OPTED_OUT = "cancelled_and_opted_out"
    NOT_UNDERSTOOD = "not_understood"
    NO_ANSWER_ASKED = "no_answer_asked"
    BEFORE_THE_QUESTION = "before_the_question"
    STRANGER = "stranger"
    SAID_MORE = "said_more"
    WRONG_NUMBER = "wrong_number"
    OTHER_TIME = "other_time"
    NO_AFTER_THE_START = "no_after_the_start"
    ANSWER_TOO_LATE = "answer_too_late"
    NEVER_REACHED = "never_reached"
    NO_ANSWER = "no_answer"
    NO_WAY = "no_way"
    TEXT_REFUSED = "text_refused"
    TEXT_NOT_DELIVERED = "text_not_delivered"
    TEXT_IN_DOUBT = "text_in_doubt"
    TEXT_GIVEN_UP = "text_given_up"
    CALENDAR_REFUSED = "calendar_refused"
    CALENDAR_CLOSED = "calendar_closed"
    CALENDAR_DIFFERS = "calendar_differs"
    CARRIER_CLOSED = "carrier_closed"
    MAIL_CLOSED = "mail_closed"
    CAME_LATE = "came_late"
    SEAT_GIVEN_UP = "seat_given_up"
    SERIES_UNDECIDED = "series_undecided"


class Care(StrEnum):
    """How far people have come with an item. The values are stored for ever."""

    OPEN = "open"
    CALLING = "calling"
    DONE = "done"


@dataclass(frozen=True)
class Item:
    """Something that only a person can settle: fact number `version` of `stream` called for it, at that moment.
    `bookings` are the streams that it is about."""

    stream: str
    version: int
    clinic: str
    reason: str
    detail: str
    bookings: tuple[str, ...]
    at: datetime
    care: Care = Care.OPEN


SENTENCES = {
    Staff.NO_PHONE: "The booking has no phone number that can be texted.",
    Staff.NO_TIME_TO_ASK: "The appointment begins before the patient may be texted: please call.",
    Staff.OPTED_OUT: "The patient has opted out of texts: please call.",
    Staff.CANCELLED_AND_OPTED_OUT: "The patient cancelled with a word that stops all texts: nothing more is sent.",
    Staff.NOT_UNDERSTOOD: "A text that we do not understand: please read it.",
    Staff.NO_ANSWER_ASKED: "A text that asks for no answer from us: please read it.",
    Staff.BEFORE_THE_QUESTION: "A text that came before our question: please read it.",
    Staff.SAID_MORE: "The patient has answered, and written more beside it: please read it.",
    Staff.WRONG_NUMBER: "Somebody else seems to have this phone: nothing more is sent, please find the patient.",
    Staff.OTHER_TIME: "The patient asks for another time: please call.",
    Staff.STRANGER: "A text from a number without a booking: please read it.",
    Staff.NO_AFTER_THE_START: "The patient said NO after the appointment had begun.",
    Staff.ANSWER_TOO_LATE: "The patient's answer came too late ({detail}): please call.",
    Staff.NEVER_REACHED: "The patient was never reached: please call.",
    Staff.NO_ANSWER: "The patient did not answer in time.",
    Staff.NO_WAY: "No way is left to ask this patient ({detail}): please call.",
    Staff.TEXT_REFUSED: "A text could not be sent ({detail}): please call the patient.",
    Staff.TEXT_NOT_DELIVERED: "A text did not arrive ({detail}): please call the patient.",
    Staff.TEXT_IN_DOUBT: "Nobody can tell whether a text was sent ({detail}): please call the patient.",
    Staff.TEXT_GIVEN_UP: "A text could not be sent in time ({detail}): please call the patient.",
    Staff.CALENDAR_REFUSED: "Cal.com would not do what was decided ({detail}): please look.",
    Staff.CALENDAR_CLOSED: "Cal.com refuses our key or our address ({detail}): the answer waits until that is mended.",
    Staff.CALENDAR_DIFFERS: "Cal.com still shows this booking as {detail}, and it was settled here: please look.",
    Staff.CARRIER_CLOSED: "The SMS carrier refuses our account ({detail}): all texts wait until that is mended.",
    Staff.MAIL_CLOSED: "The mail server refuses our account ({detail}): e-mails wait until that is mended.",
    Staff.CAME_LATE: "A text that reached us late, after newer ones: please read it.",
    Staff.SERIES_UNDECIDED: "The patient said YES to some dates of a recurring booking. Cal.com confirms all of them "
    "at once, so that waits for the others: please ask.",
    Staff.SEAT_GIVEN_UP: "A seat of this booking was given up, and Cal.com does not say whose: please look.",
}


def sentence(reason: str, detail: str) -> str:
    """For a person to read; a code that this version does not know stands for itself."""
    known = SENTENCES.get(Staff(reason)) if reason in set(Staff) else None
    return known.format(detail=detail) if known else f"{reason} {detail}".strip()
