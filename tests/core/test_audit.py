"""The audit trail only grows; secrets are unreadable at rest."""

import pytest

from dabiao.core import audit, secrets
from dabiao.core.models import AppendOnly, AuditLine
from dabiao.org.models import Unit


@pytest.mark.django_db
class TestLine:
    def test_says_what_happened_to_what(self, at):
        unit = Unit.objects.create(key="east", name="华东大区")
        audit.line("org.unit.added", unit, by=None, at=at, detail={"parent": None}).save()
        line = AuditLine.objects.get()
        assert (line.subject_type, line.subject_key, line.subject_label) == ("org.unit", "east", "华东大区")
        assert (line.at, line.detail) == (at, {"parent": None})

    def test_is_never_changed_or_removed(self, at):
        line = audit.line("x", Unit.objects.create(key="east", name="E"), by=None, at=at, detail={})
        line.save()
        for forbidden in (
            line.save,
            line.delete,
            lambda: AuditLine.objects.update(what="y"),
            lambda: AuditLine.objects.all().delete(),
        ):
            with pytest.raises(AppendOnly):
                forbidden()


class TestSecrets:
    def test_can_be_read_back_and_do_not_show(self):
        hidden = secrets.encrypt("密码 hunter2")
        assert "hunter2" not in hidden
        assert secrets.decrypt(hidden) == "密码 hunter2"

    def test_of_another_installation_say_what_to_do(self, monkeypatch):
        hidden = secrets.encrypt("x")
        monkeypatch.setenv("DABIAO_SECRET_KEY", "another")
        with pytest.raises(secrets.SecretIsUnreadable, match="Enter it again"):
            secrets.decrypt(hidden)
