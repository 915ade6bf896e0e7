"""Pages are tested with the facts of tests/performance."""

from tests.performance.conftest import facts  # noqa: F401  # a fixture
