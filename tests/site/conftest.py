"""Pages are tested with the facts of tests/performance."""

from tests.performance.conftest import facts, publish_order  # noqa: F401  # fixtures
