"""The API against its own description: whatever is sent, the answer is one that the description names."""

import pytest
import schemathesis
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dabiao.org import actions
from dabiao.site.wsgi import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.fixture
def bearer(company):
    """A token that may do everything: nothing is refused for whose it is. Answers come unpacked: the tester reads them
    as they are."""
    _token, secret = actions.create_token(name="t", scope="write", days=1, by=company.ada, at=timezone.now())
    return {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}


@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_as_described(case, bearer):
    case.call_and_validate(headers=bearer, checks=CHECKS)
