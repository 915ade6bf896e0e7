"""What the app database keeps of facts: names of things, imports, connectors."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dabiao.core.fields import SoundsField


class Label(models.Model):
    """The name of a customer, product … The lake holds keys only, so that a name can be erased."""

    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    sounds = SoundsField(of="name")

    class Meta:
        constraints = [models.UniqueConstraint(name="one_label_per_thing", fields=["kind", "key"])]
        indexes = [models.Index(name="labels_by_name", fields=["kind", "name"])]

    def __str__(self) -> str:
        return self.name


class Connector(models.Model):
    """A database that facts come from. Its URL holds a password: encrypted, and for administrators only."""

    name = models.SlugField(max_length=40, unique=True)
    url = models.TextField(help_text="encrypted SQLAlchemy URL")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ImportBatch(models.Model):
    """One import: who, when, which files, by which mapping, and what became of every row."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKED = "checked", _("Checked")
        LOADING = "loading", _("Loading")
        DONE = "done", _("Loaded")
        UNDONE = "undone", _("Taken back")
        FAILED = "failed", _("Failed")

    key = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=500, help_text="the file or folder that was given")
    file_hash = models.CharField(max_length=64, blank=True, default="")
    mapping = models.TextField(blank=True, default="")
    job = models.CharField(max_length=200, blank=True, default="")
    read = models.BigIntegerField(default=0)
    loaded = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    snapshot = models.BigIntegerField(null=True)
    report = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    undone = models.JSONField(default=dict, help_text="what taking it back did")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="import_counts_add_up",
                condition=models.Q(
                    read=models.F("loaded")
                    + models.F("unchanged")
                    + models.F("rejected")
                    + models.F("skipped")
                ),
            )
        ]
        indexes = [models.Index(name="imports_by_time", fields=["-at", "-id"])]

    def __str__(self) -> str:
        return self.path.rsplit("/", 1)[-1] or self.path
