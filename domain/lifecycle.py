"""The six states of a booking and the one table of moves between them.

The table decides when something is asked of a booking; the fact that comes of it remembers where it led.
Loading a booking asks nobody for permission, so history stays readable when the table changes.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from transitions import Machine

from domain.errors import NotPossible


class State(StrEnum):
    """The states by name, as users see them."""

    REQUESTED = "requested"
    SMS_SENT = "sms_sent"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    INVALID_REPLY = "invalid_reply"


class Move(StrEnum):
    """What can be asked of a booking that changes its state."""

    ASK = "ask"
    SAY_YES = "say_yes"
    SAY_NO = "say_no"
    SAY_OTHER = "say_other"
    RUN_OUT = "run_out"
    CHANGE_MIND = "change_mind"
    CALENDAR_CONFIRMED = "calendar_confirmed"
    CALENDAR_CANCELLED = "calendar_cancelled"
    CALENDAR_REFUSED = "calendar_refused"
    STAFF_CONFIRMS = "staff_confirms"
    STAFF_CANCELS = "staff_cancels"
    ASK_AGAIN = "ask_again"
    MOVED = "moved"


REQUESTED, SMS_SENT, CONFIRMED, CANCELLED, EXPIRED, INVALID_REPLY = State
ASKED = [SMS_SENT, INVALID_REPLY]
OPEN = [REQUESTED, *ASKED]
ALL_BUT_CONFIRMED = [state for state in State if state is not CONFIRMED]
ALL_BUT_CANCELLED = [state for state in State if state is not CANCELLED]

MOVES: Any = [
    # move                    from                  to
    [Move.ASK, REQUESTED, SMS_SENT],
    [Move.SAY_YES, ASKED, CONFIRMED],
    [Move.SAY_NO, ASKED, CANCELLED],
    [Move.SAY_OTHER, ASKED, INVALID_REPLY],
    [Move.RUN_OUT, OPEN, EXPIRED],
    [Move.CHANGE_MIND, CONFIRMED, CANCELLED],
    [Move.CALENDAR_CONFIRMED, ALL_BUT_CONFIRMED, CONFIRMED],
    [Move.CALENDAR_CANCELLED, ALL_BUT_CANCELLED, CANCELLED],
    [Move.CALENDAR_REFUSED, CONFIRMED, CANCELLED],
    [Move.CALENDAR_REFUSED, CANCELLED, CONFIRMED],
    [Move.STAFF_CONFIRMS, [*OPEN, EXPIRED], CONFIRMED],
    [Move.STAFF_CANCELS, [*OPEN, CONFIRMED, EXPIRED], CANCELLED],
    [Move.ASK_AGAIN, [REQUESTED, EXPIRED], REQUESTED],
    [Move.ASK_AGAIN, ASKED, SMS_SENT],
    [Move.MOVED, [*OPEN, EXPIRED], REQUESTED],
]

# `model=None`: the machine only holds the table. A machine inside the aggregate would fire on every load.
TABLE = Machine(model=None, states=State, transitions=MOVES, initial=REQUESTED, auto_transitions=False)


def possible(move: Move, state: State) -> bool:
    """Whether the table has this move from this state."""
    return bool(TABLE.get_transitions(move, state))


def after(move: Move, state: State) -> State:
    """The state to which the move leads. Raises NotPossible where the table has no such move."""
    found = TABLE.get_transitions(move, state)
    if not found:
        raise NotPossible(f"{move} is not possible while the booking is {state}")
    return State[str(found[0].dest)]


def edges() -> Iterator[tuple[State, Move, State]]:
    """Every (from, move, to) of the table, in the table's order."""
    for name, event in TABLE.events.items():
        for transitions in event.transitions.values():
            for transition in transitions:
                yield State[transition.source], Move(name), State[str(transition.dest)]


def mermaid() -> str:
    """The table as a Mermaid state diagram; moves between the same two states share one arrow."""
    arrows: dict[tuple[State, State], list[Move]] = {}
    for source, move, dest in edges():
        arrows.setdefault((source, dest), []).append(move)
    lines = [f"    {source} --> {dest}: {', '.join(moves)}" for (source, dest), moves in arrows.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {REQUESTED}", *lines])
