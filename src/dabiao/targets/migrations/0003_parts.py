"""A target is narrowed to a member of any dimension, no longer of product lines alone."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q


def to_parts(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    lines = apps.get_model("targets", "Target").objects.exclude(product="")
    lines.update(dimension="product_line", member=F("product"))


def to_products(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """What is narrowed by anything else has no place there, and would pass for the whole."""
    targets = apps.get_model("targets", "Target").objects
    targets.exclude(dimension__in=["", "product_line"]).delete()
    targets.update(product=F("member"))


class Migration(migrations.Migration):
    dependencies = [("targets", "0002_cascades")]

    operations = [
        migrations.AddField("target", "dimension", models.CharField(blank=True, default="", max_length=40)),
        migrations.AddField("target", "member", models.CharField(blank=True, default="", max_length=80)),
        migrations.RunPython(to_parts, to_products),
        migrations.RemoveConstraint("target", "one_unit_target_per_metric_product_start"),
        migrations.RemoveConstraint("target", "one_person_target_per_metric_product_start"),
        migrations.RemoveField("target", "product"),
        migrations.AddConstraint(
            "target",
            models.CheckConstraint(
                name="target_is_narrowed_to_something",
                condition=Q(dimension="", member="") | ~Q(dimension="") & ~Q(member=""),
            ),
        ),
        migrations.AddConstraint(
            "target",
            models.UniqueConstraint(
                name="one_unit_target_per_metric_part_start",
                fields=["unit", "metric", "dimension", "member", "starts_on", "ends_on"],
                condition=Q(scope_kind="unit"),
            ),
        ),
        migrations.AddConstraint(
            "target",
            models.UniqueConstraint(
                name="one_person_target_per_metric_part_start",
                fields=["person", "metric", "dimension", "member", "starts_on", "ends_on"],
                condition=Q(scope_kind="person"),
            ),
        ),
    ]
