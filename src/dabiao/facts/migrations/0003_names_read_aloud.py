"""Customers, products … are found by pinyin: what their names sound like, beside them."""

import dabiao.core.fields
from django.db import migrations


read_aloud = dabiao.core.fields.read_aloud("facts", "Label")


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
