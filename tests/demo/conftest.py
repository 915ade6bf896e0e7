"""The simulated company, once for all tests that only read it."""

from datetime import date

import pytest

from dabiao.demo.simulation.company import SEED, Company, simulate

ON = date(2026, 11, 18)


@pytest.fixture(scope="session")
def simulated() -> Company:
    """The demo company with everything that is planted in it."""
    return simulate(SEED, ON)


@pytest.fixture(scope="session")
def quiet() -> Company:
    """The same company to which nothing happens."""
    return simulate(SEED, ON, events=())
