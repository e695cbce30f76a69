"""Every promise, in the order of the table."""

from tests.adapters.carriers import of_sending, of_strangers, of_texts, of_ways
from tests.adapters.carriers.promises import PROMISES

__all__ = ["PROMISES", "of_sending", "of_strangers", "of_texts", "of_ways"]
