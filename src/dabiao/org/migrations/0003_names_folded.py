"""Users' names folded, and a count that ends sessions. Who differed by case or width alone gets a name of their own."""

import sys
from itertools import count

import dabiao.core.fields
from dabiao.core.names import fold
from django.db import migrations, models


def apart(names):
    """User → the name they get, for all but the first of those whose names are one when folded."""
    taken = {fold(name) for _pk, name in names}
    first, renamed = set(), {}
    for pk, name in names:
        if fold(name) not in first:
            first.add(fold(name))
            continue
        renamed[pk] = next(new for n in count(2) if fold(new := f"{name[:140]}-{n}") not in taken)
        taken.add(fold(renamed[pk]))
    return renamed


def tell_apart(apps, schema_editor):
    """Who may sign in, and did so last, keeps the name: until now neither of them could."""
    User = apps.get_model("org", "User")
    last = models.F("last_login").desc(nulls_last=True)
    names = list(User.objects.order_by("-is_active", last, "pk").values_list("pk", "username"))
    renamed = apart(names)
    for pk, name in names:
        new = renamed.get(pk, name)
        User.objects.filter(pk=pk).update(username=new, known_as=fold(new))
        if new != name:
            print(
                f"User {name} was told apart from another by case or width alone and is now called {new}.",
                file=sys.stderr,
            )


class Migration(migrations.Migration):

    dependencies = [
        ('org', '0002_keys_stand_in_addresses'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='known_as',
            field=dabiao.core.fields.FoldedField(blank=True, default='', editable=False, max_length=450, of='username'),
        ),
        migrations.AddField(
            model_name='user',
            name='sessions',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(tell_apart, migrations.RunPython.noop),
    ]
