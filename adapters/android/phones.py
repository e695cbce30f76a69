"""Who sent a text: a phone shows a sender as the network wrote it, at times without the country."""

import re

import phonenumbers

WRITTEN = re.compile(r"\+?[0-9(][0-9 ().-]{5,20}")  # letters would be dialled as the digits on their keys


def e164(sender: object, region: str | None) -> str | None:
    """The sender with a plus; one without as `region` would dial it. None for a name, a short code or a local number,
    and for one without a plus where there is no region."""
    if not isinstance(sender, str) or not WRITTEN.fullmatch(sender):
        return None
    try:
        number = phonenumbers.parse(sender, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
