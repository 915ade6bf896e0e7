import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('facts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='importbatch',
            name='undone',
            field=models.JSONField(default=dict, help_text='what taking it back did'),
        ),
        migrations.AddField(
            model_name='importbatch',
            name='undone_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='importbatch',
            name='undone_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='importbatch',
            name='state',
            field=models.CharField(choices=[('uploaded', 'Uploaded'), ('checked', 'Checked'), ('loading', 'Loading'), ('done', 'Loaded'), ('undone', 'Taken back'), ('failed', 'Failed')], default='uploaded', max_length=10),
        ),
    ]
