"""What performance keeps between requests: forecasts, and reasons of lights, that jobs have made."""

from django.db import models


class StoredForecast(models.Model):
    """The days ahead of one metric of one scope, as they looked on `made_on`. Floats: estimates, never posted.

    daily: a value for `made_on` and each day after it. reach: half the width of the 80 % band of their running
    total. error: how far earlier forecasts were off on average, as a share; null where there were too few.
    """

    scope_kind = models.CharField(max_length=6)
    scope = models.CharField(max_length=80)
    metric = models.CharField(max_length=80)
    made_on = models.DateField()
    version = models.PositiveIntegerField()
    daily = models.JSONField()
    reach = models.JSONField()
    method = models.CharField(max_length=60)
    error = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_forecast_per_scope_and_metric", fields=["scope_kind", "scope", "metric"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope_kind} {self.scope} {self.metric} {self.made_on}"


class KeptReason(models.Model):
    """Why a metric of a scope is off its target in a period, in words, as a job has found out.

    words: language → [in short, in full]. fingerprint: what it holds for, see `queries.reasons.fingerprint`.
    sees_all: with what is credited to nobody, as at the top those see it who see everything. snapshot: it was read from.
    """

    scope_kind = models.CharField(max_length=6)
    scope = models.CharField(max_length=80)
    sees_all = models.BooleanField()
    metric = models.CharField(max_length=80)
    starts_on = models.DateField()
    ends_on = models.DateField()
    words = models.JSONField()
    fingerprint = models.CharField(max_length=32)
    snapshot = models.PositiveIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_reason_per_light",
                fields=["scope_kind", "scope", "sees_all", "metric", "starts_on", "ends_on"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope_kind} {self.scope} {self.metric} {self.starts_on}"
