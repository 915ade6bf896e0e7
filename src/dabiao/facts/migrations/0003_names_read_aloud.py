"""Customers, products … are found by pinyin: what their names sound like, beside them."""

import dabiao.core.fields
from dabiao.core.pinyin import sounds
from django.db import migrations


def read_aloud(apps, schema_editor):
    rows = apps.get_model("facts", "Label").objects
    waiting = []
    for row in rows.only("pk", "name").iterator(chunk_size=2000):
        row.sounds = sounds(row.name)
        if row.sounds:
            waiting.append(row)
        if len(waiting) == 500:
            rows.bulk_update(waiting, ["sounds"])
            waiting = []
    rows.bulk_update(waiting, ["sounds"])


class Migration(migrations.Migration):

    dependencies = [
        ('facts', '0002_imports_can_be_taken_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='label',
            name='sounds',
            field=dabiao.core.fields.SoundsField(blank=True, default='', editable=False, max_length=1000, of='name'),
        ),
        migrations.RunPython(read_aloud, migrations.RunPython.noop, elidable=True),
    ]
