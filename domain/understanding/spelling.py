"""The words of a text as a language's phrases spell them: spellings, slips of the thumb, synonyms, names."""

from collections.abc import Sequence
from string import ascii_lowercase

from domain.understanding.phrases import Lexicon, core
from domain.understanding.plaintext import PAUSE, is_made_of_letters

NAME = "*"  # what an unknown word after a title becomes
SHORTEST_NAME = 2  # letters
_LONGEST_DRAWN_OUT = 16


def spelled(tokens: Sequence[str], lexicon: Lexicon, *, digits: bool = False) -> list[str]:
    """Each token as the word that it is meant to be; "dr . lee" is "dr *". `digits`: they stand for nothing else."""
    words: list[str] = []
    titled = False
    for at, token in enumerate(tokens):
        if titled and token == PAUSE:
            continue
        is_name = titled and token.isalpha() and token not in lexicon.words
        meant = meant_word(token, lexicon)
        if not words:
            meant = lexicon.first.get(meant, meant)
        elif not digits and token in lexicon.digit_words and is_wordy(tokens, at, [lexicon]):
            meant = lexicon.digit_words[token]
        words += (NAME,) if is_name else lexicon.spellings.get(meant, (meant,))
        titled = token in lexicon.titles
    return words


def with_synonyms(words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Spelled words in the synonyms that the file's phrases use, and names as such."""
    return _named(" ".join(plain or phrase for phrase, plain in lexicon.synonyms.cut(words)).split(), lexicon)


def meant_word(token: str, lexicon: Lexicon) -> str:
    """The one listed word that this is with one slip of the thumb, else the token itself."""
    if token in lexicon.words:
        return token
    if lexicon.drawn_out and len(token) <= _LONGEST_DRAWN_OUT and (plain := lexicon.drawn_out.get(core(token))):
        return plain
    near = lexicon.typos.get(token[0], ())
    found = [word for word in near if -2 < len(token) - len(word) < 2 and _is_slip(token, word)]  # noqa: PLR2004
    return found[0] if len(found) == 1 else token


def _is_slip(token: str, word: str) -> bool:
    """Whether a letter is left out, put in, swapped with its neighbour, or another one. The first letter is right: it
    is what a word is known by. In a script of many letters only those of the word itself slip in."""
    at = next((i for i, (one, other) in enumerate(zip(token, word, strict=False)) if one != other), len(word))
    typed, meant = token[at:], word[at:]
    if at == 0 or typed == meant[1:]:
        return at > 0
    if typed[0] not in (ascii_lowercase if word.isascii() else word):
        return False
    if not meant:  # "cancels" is a word of its own
        return typed == word[-1]
    return typed == meant[1:2] + meant[:1] + meant[2:] or typed[1:] in (meant, meant[1:])


def _named(words: list[str], lexicon: Lexicon) -> list[str]:
    """Asterisks for the unknown words after what a name follows: "this is sarah miller" is "this is * *"."""
    for at in range(1, len(words)):
        if len(words[at]) < SHORTEST_NAME or words[at] in lexicon.words:
            continue
        cues = {" ".join(words[at - size : at]) for size in (1, 2, 3) if size <= at} & lexicon.names_follow
        if not cues or not is_unknown(words[at], lexicon):
            continue
        two = words[at + 2 : at + 3] == [PAUSE] and is_unknown(words[at + 1], lexicon)
        is_last = set(words[at + 1 + two :]) <= {PAUSE}
        if any(is_last or not cue.endswith(PAUSE) for cue in cues):
            words[at : at + 1 + two] = [NAME] * (1 + two)
    return words


def is_unknown(word: str, *lexicons: Lexicon) -> bool:
    """Whether this is a word, and none that these languages know."""
    return word.isalpha() and not any(
        word in lexicon.words or word != meant_word(word, lexicon) for lexicon in lexicons
    )


def is_wordy(tokens: Sequence[str], at: int, lexicons: Sequence[Lexicon]) -> bool:
    """Whether this is a word, or a digit in the place of one: "have 2 go"."""
    if any(tokens[at] in lexicon.digit_words for lexicon in lexicons):
        return at > 0 and all(map(str.isalpha, (tokens[at - 1], *tokens[at + 1 : at + 2])))
    return is_made_of_letters(tokens[at])
