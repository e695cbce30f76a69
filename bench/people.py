"""Made-up patients of a big clinic: hundreds of first names, thousands of family names, some of them very common."""

import random
from collections.abc import Iterator
from itertools import accumulate, product

from adapters.storage.search_keys import name_keys, phone_backwards

FIRST = """
Maria James Zoë José Anna Mohammed Wei Sofía Michael Aisha Peter Françoise Jürgen Olga Martin Mary Mark Marta Søren
Chloé Liam Emma Noah Ava Łukasz Ngọc Fatima Ali Sarah Tom Lena Paul Ines Björn Nuria Jan Éva Ivan Ida Hugo
"""
FAMILY = """
Garcia Smith Müller Nguyễn Johnson O'Neil Martínez Kowalski Schmidt Singh Brown Jones Davis Lee Kim Fernández Rossi
Dvořák Jensen Åberg Ivanova Silva Peña Weiß Miller Quartermain van_Dyk de_la_Cruz Núñez-Vance Çelik Ünal Hall
"""
STARTS = "Bel Cor Dan Fal Gor Hal Jas Kel Lor Mor Nel Par Ros Sel Tor Var Wen"
MIDDLES, ENDS = "a e i o u", "ba den ka lin mar ner rik son tas vic"
RARE = "Quirin Xylander"

Person = tuple[str, str, str | None, str, str]


def people(count: int) -> Iterator[Person]:
    """Name, its two search keys, phone and its search key, the keys by the product's own rules. The first is RARE."""
    chance = random.Random(11)
    first = [*FIRST.split(), *_made_up(1)][:300]
    family = [*FAMILY.split(), *_made_up(2)][:3000]
    firsts, families = [list(accumulate(1 / (place + 5) for place in range(len(names)))) for names in (first, family)]
    for place in range(count):
        one = chance.choices(first, cum_weights=firsts)[0], chance.choices(family, cum_weights=families)[0]
        name = " ".join(one).replace("_", " ") if place else RARE
        phone = f"+1{chance.randrange(201, 990)}555{place % 10_000:04}"
        whole, turned, *_ = name_keys(name).values()
        yield name, whole, turned, phone, phone_backwards(phone)


def _made_up(syllables: int) -> Iterator[str]:
    parts = [STARTS.split(), *[MIDDLES.split(), ENDS.split()] * syllables]
    made = ["".join(one) for one in product(*parts)]
    random.Random(7).shuffle(made)
    yield from made
