from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('org', '0003_names_folded'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(fields=('known_as',), name='one_user_per_folded_name', violation_error_message='There is a user of this name already: case and width do not tell names apart.'),
        ),
    ]
