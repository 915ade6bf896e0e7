"""People are found by pinyin: what their names sound like, beside them."""

import dabiao.core.fields
from django.db import migrations


read_aloud = dabiao.core.fields.read_aloud("org", "Person")


class Migration(migrations.Migration):

    dependencies = [
        ('org', '0005_names_and_keys_are_seen'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='sounds',
            field=dabiao.core.fields.SoundsField(blank=True, default='', editable=False, max_length=1000, of='name'),
        ),
        migrations.RunPython(read_aloud, migrations.RunPython.noop, elidable=True),
    ]
