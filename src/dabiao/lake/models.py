"""What the app database knows of the lake: snapshots, who may publish, what waits to be published."""

from django.db import models


class Installation(models.Model):
    """Who this database is; the lake that belongs to it carries the same key. One row."""

    key = models.CharField(max_length=32, unique=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="one_installation", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return self.key


class Snapshot(models.Model):
    """The only pointer into the lake: readers use nothing but what a snapshot names."""

    number = models.PositiveIntegerField(primary_key=True)
    tables = models.JSONField(help_text="table → Delta version")
    serving = models.CharField(max_length=80, help_text="file name of the roll-ups made from it")
    versions = models.JSONField(
        default=dict, help_text="room → version of what it published: org, targets, metrics"
    )
    published_at = models.DateTimeField()
    note = models.CharField(max_length=200)
    token = models.CharField(max_length=32, default="", help_text="of the publisher that made it")

    def __str__(self) -> str:
        return f"v{self.number}"


class Pin(models.Model):
    """A reason to keep a snapshot readable for good: a closed statement, an export, an audit."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="pins")
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_pin_per_reason", fields=["snapshot", "reason"])]

    def __str__(self) -> str:
        return f"{self.snapshot}: {self.reason}"


class Lease(models.Model):
    """Who may do what only one may do at a time. A holder that stops renewing loses it."""

    name = models.CharField(max_length=40, primary_key=True)
    token = models.CharField(max_length=32)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Pending(models.Model):
    """A row entered by hand or through the API that waits for the next publication, or was set aside with its error."""

    table = models.CharField(max_length=40)
    source = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    row = models.JSONField(null=True, help_text="null: the row is to be removed")
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    error = models.TextField(default="", help_text="why it was set aside; empty while it waits")

    class Meta:
        indexes = [models.Index(name="pending_by_author", fields=["by", "table"])]

    def __str__(self) -> str:
        return f"{self.table} {self.source}/{self.key}"
