"""Inbox and Booking as somebody with a browser sees them; the worker does not run."""

import html
import re
from collections.abc import Iterator

import pytest

from domain.facts import Fact
from tests.entrypoints.conftest import Product
from tests.entrypoints.desk_kit import Desk
from tests.examples import SARAH, UID
