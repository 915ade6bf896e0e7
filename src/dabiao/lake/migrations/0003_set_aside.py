from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lake', '0002_installation'),
    ]

    operations = [
        migrations.AddField(
            model_name='pending',
            name='error',
            field=models.TextField(default='', help_text='why it was set aside; empty while it waits'),
        ),
    ]
