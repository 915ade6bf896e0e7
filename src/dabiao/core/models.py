"""Rows that every room needs: the audit trail, jobs and their schedule."""

from collections.abc import Iterable
from typing import Never

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.base import ModelBase


class AppendOnly(TypeError):
    """Somebody tried to change or remove a line of the audit trail."""


class AuditLines(models.QuerySet["AuditLine"]):
    """Lines can be added and read."""

    def update(self, **_: object) -> Never:
        raise AppendOnly("audit lines are never changed")

    def delete(self) -> Never:
        raise AppendOnly("audit lines are never removed")


class AuditLine(models.Model):
    """What somebody did to what, written in the same transaction as the deed."""

    what = models.CharField(max_length=80, db_index=True)
    subject_type = models.CharField(max_length=80)
    subject_key = models.CharField(max_length=200)
    subject_label = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_index=True)
    detail = models.JSONField(default=dict)

    objects = AuditLines.as_manager()

    class Meta:
        indexes = [models.Index(name="audit_by_subject", fields=["subject_type", "subject_key"])]

    def __str__(self) -> str:
        return f"{self.what} {self.subject_label}"

    def save(
        self,
        force_insert: bool | tuple[ModelBase, ...] = True,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        if self.pk is not None or force_update or update_fields:
            raise AppendOnly("audit lines are never changed")
        super().save(force_insert=force_insert, using=using)

    def delete(self, *_: object, **__: object) -> Never:
        raise AppendOnly("audit lines are never removed")


class Job(models.Model):
    """Work for a worker. `key` makes asking twice the same as asking once; `lease` says who is at it."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    key = models.CharField(max_length=200, unique=True)
    task = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempts_allowed = models.PositiveSmallIntegerField(default=3)
    created_at = models.DateTimeField()
    run_after = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease = models.CharField(max_length=64, default="", blank=True)
    lease_until = models.DateTimeField(null=True)
    progress_done = models.BigIntegerField(default=0)
    progress_total = models.BigIntegerField(null=True)
    progress_note = models.CharField(max_length=200, default="", blank=True)
    result = models.JSONField(null=True)
    error = models.TextField(default="", blank=True)

    class Meta:
        indexes = [models.Index(name="jobs_to_run", fields=["status", "run_after", "id"])]
        constraints = [
            models.CheckConstraint(
                name="running_jobs_have_a_lease",
                condition=~Q(status="running") | (Q(lease_until__isnull=False) & ~Q(lease="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.key}"

    @property
    def is_over(self) -> bool:
        return self.status in {self.Status.DONE, self.Status.FAILED}

    @property
    def share_done(self) -> float | None:
        """0 to 1; None while the total is not known."""
        return min(self.progress_done / self.progress_total, 1.0) if self.progress_total else None


class Schedule(models.Model):
    """A job that comes back. `every` seconds lie between the moments at which it falls due."""

    name = models.CharField(max_length=80, unique=True)
    task = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict)
    every = models.PositiveIntegerField()
    next_at = models.DateTimeField()
    paused = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(name="schedules_move_on", condition=Q(every__gt=0))]
        indexes = [models.Index(F("next_at"), name="schedules_due", condition=Q(paused=False))]

    def __str__(self) -> str:
        return self.name
