"""WhatsApp through a carrier. A patient who has not written within a day can only be sent words that WhatsApp has
approved beforehand, in each language apart, with blanks to be filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from domain.ports import OutgoingText

ANY_LANGUAGE = ""
NOTHING = "–"  # a blank may not be empty


@dataclass(frozen=True)
class WhatsApp:
    """How an account speaks by WhatsApp. `sender` is its number in E.164; `templates` are what the carrier calls the
    approved words, by language ("de", "pt-BR"); ANY_LANGUAGE stands for every language that is not named. One at
    least."""

    sender: str
    templates: Mapping[str, str]

    def template(self, language: str) -> tuple[str, str]:
        """(language, template) for a text: its own language's, else the one for any, else the first: approved words in
        another language are better than none."""
        base = _base(language)
        for known, template in self.templates.items():
            if known and _base(known) == base:
                return known, template
        if ANY_LANGUAGE in self.templates:
            return language, self.templates[ANY_LANGUAGE]
        return next(iter(self.templates.items()))


def _base(language: str) -> str:
    return re.split("[-_]", language.lower())[0]


def blanks_of(text: OutgoingText) -> list[str]:
    """What is filled in, as WhatsApp takes it: not empty, on one line, without tabs and without rows of spaces."""
    return [" ".join(blank.split()) or NOTHING for blank in text.blanks]
