"""How a text is cut for the air: 160 characters of the GSM alphabet, or 70 of UCS-2; a longer one goes in segments of
153 or 67, because each then carries a header (3GPP TS 23.038, TS 23.040)."""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")  # each is sent as two characters
GSM_ALONE, GSM_PART = 160, 153
UCS2_ALONE, UCS2_PART = 70, 67
LAST_OF_THE_BASIC_PLANE = 0xFFFF


def is_gsm(text: str) -> bool:
    """Whether the GSM alphabet has every character."""
    return all(character in BASIC or character in EXTENSION for character in text)


def segments(text: str) -> int:
    """In how many segments the text is sent, and charged: at least one. A character is never cut in two."""
    if is_gsm(text):
        widths, alone, part = [2 if character in EXTENSION else 1 for character in text], GSM_ALONE, GSM_PART
    else:
        widths = [2 if ord(character) > LAST_OF_THE_BASIC_PLANE else 1 for character in text]
        alone, part = UCS2_ALONE, UCS2_PART
    if sum(widths) <= alone:
        return 1
    count, filled = 1, 0
    for width in widths:
        if filled + width > part:
            count, filled = count + 1, 0
        filled += width
    return count


# What word processors and phones put in the place of plain signs.
_PLAIN_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u0060\u02b9\u02bb\u02bc\uff07", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
        "\u2026": "...",
        "\u2022": "-",
    }
)


def thrifty(text: str) -> str:
    """The text with plain signs in the place of typographic ones where that saves a segment; letters stay as they
    are."""
    plain = text.translate(_PLAIN_SIGNS)
    return plain if segments(plain) < segments(text) else text
