"""Every carrier keeps every promise."""

import pytest

from tests.adapters.carriers.__main__ import rows
from tests.adapters.carriers.all_promises import PROMISES
from tests.adapters.carriers.driver import Driver
from tests.adapters.carriers.fleet import CARRIERS
from tests.adapters.carriers.promises import Promise


@pytest.mark.parametrize("promise", PROMISES.values(), ids=PROMISES.keys())
@pytest.mark.parametrize("driver", CARRIERS, ids=lambda driver: driver.name)
def test_a_carrier_keeps_its_promise(driver: Driver, promise: Promise) -> None:
    promise(driver)


def test_the_table_has_a_column_for_each_carrier_and_a_row_for_each_promise() -> None:
    names, _, *cells = rows()
    assert names.split("|")[2:-1] == [f" {driver.name} " for driver in CARRIERS]
    assert len(cells) == len(PROMISES)
    assert not any("BROKEN" in row for row in cells)
