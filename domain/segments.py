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
