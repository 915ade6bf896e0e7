"""What a unit or a person promised for a metric between two dates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dabiao.core.fields import MoneyField
from dabiao.engine.promise import Part

LEVELS = ("base", "target", "challenge")


class Target(models.Model):
    """One promise at three levels. `ends_on` is the first day after; null is "not set", which is not 0."""

    class ScopeKind(models.TextChoices):
        UNIT = "unit", _("Unit")
        PERSON = "person", _("Person")

    scope_kind = models.CharField(max_length=6, choices=ScopeKind)
    unit = models.ForeignKey("org.Unit", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        "org.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    metric = models.CharField(max_length=80)
    dimension = models.CharField(max_length=40, blank=True, default="")
    """By what it is narrowed, as metrics are split (product_line, sales_channel …); empty: it is of everything."""
    member = models.CharField(max_length=80, blank=True, default="")
    starts_on = models.DateField()
    ends_on = models.DateField()
    base = MoneyField(null=True, blank=True)
    target = MoneyField(null=True, blank=True)
    challenge = MoneyField(null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="target_starts_before_end", condition=Q(starts_on__lt=F("ends_on"))),
            models.CheckConstraint(
                name="target_has_one_scope",
                condition=Q(scope_kind="unit", unit__isnull=False, person__isnull=True)
                | Q(scope_kind="person", unit__isnull=True, person__isnull=False),
            ),
            models.CheckConstraint(
                name="target_is_narrowed_to_something",
                condition=Q(dimension="", member="") | ~Q(dimension="") & ~Q(member=""),
            ),
            models.CheckConstraint(
                name="target_says_something",
                condition=Q(base__isnull=False) | Q(target__isnull=False) | Q(challenge__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_unit_target_per_metric_part_start",
                fields=["unit", "metric", "dimension", "member", "starts_on", "ends_on"],
                condition=Q(scope_kind="unit"),
            ),
            models.UniqueConstraint(
                name="one_person_target_per_metric_part_start",
                fields=["person", "metric", "dimension", "member", "starts_on", "ends_on"],
                condition=Q(scope_kind="person"),
            ),
        ]
        indexes = [models.Index(name="targets_by_date", fields=["metric", "starts_on", "ends_on"])]

    def __str__(self) -> str:
        return f"{self.scope_key} {self.metric} {self.starts_on}"

    @property
    def part(self) -> Part:
        return Part(self.dimension, self.member)

    @property
    def scope_key(self) -> str:
        """Unit key or employee number; both are loaded with select_related by the queries."""
        holder = self.unit or self.person
        return holder.key if holder else ""


class TargetVersion(models.Model):
    """One row that counts changes of targets, so that publishing knows they have changed."""

    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"targets {self.number}"

    @property
    def key(self) -> str:
        """What the audit knows a change by: the version it made."""
        return str(self.number)


class CascadePlan(models.Model):
    """One amount handed down over organisation, time and products. Its cells lie in the lake."""

    key = models.SlugField(max_length=80, unique=True)
    metric = models.CharField(max_length=80)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="cascade_starts_before_end", condition=Q(starts_on__lt=F("ends_on")))
        ]

    def __str__(self) -> str:
        return self.key


class CascadeVersion(models.Model):
    """What a plan said from a moment on: its inputs, and where its cells lie in the lake.

    A whole version has all its cells under its token; any other has those that an edit moved.
    """

    plan = models.ForeignKey(CascadePlan, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    inputs = models.JSONField()
    is_whole = models.BooleanField()
    save_token = models.CharField(max_length=32)
    cells = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=300, blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_cascade_version_per_number", fields=["plan", "number"])
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"


class CascadeLimit(models.Model):
    """A minimum, maximum or lock (both equal), in force from one version of a plan up to, not including, another."""

    plan = models.ForeignKey(CascadePlan, on_delete=models.CASCADE, related_name="limits")
    scope = models.CharField(max_length=200)
    at = models.JSONField(default=list)
    low = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    high = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    since = models.PositiveIntegerField()
    until = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="cascade_limit_says_something", condition=Q(low__isnull=False) | Q(high__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {' '.join(self.at)}"


class LedgerEntry(models.Model):
    """Who holds an amount that a plan did not hand down (above zero) or handed down twice (below zero)."""

    version = models.ForeignKey(CascadeVersion, on_delete=models.CASCADE, related_name="ledger")
    scope = models.CharField(max_length=200)
    kind = models.CharField(max_length=16)
    period = models.CharField(max_length=40)
    product = models.CharField(max_length=80, blank=True, default="")
    value = models.DecimalField(max_digits=18, decimal_places=4)

    def __str__(self) -> str:
        return f"{self.scope} {self.kind} {self.value}"
