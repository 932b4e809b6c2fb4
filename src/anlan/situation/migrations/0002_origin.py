from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('situation', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='releasewatch',
            name='origin',
            field=models.CharField(choices=[('person', '人工'), ('detectors', '气体探测器自动')], default='person', max_length=10, verbose_name='发起'),
        ),
        migrations.AddField(
            model_name='releasewatch',
            name='confirmed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='确认时间'),
        ),
        migrations.AddField(
            model_name='releasewatch',
            name='confirmed_by',
            field=models.CharField(blank=True, max_length=80, verbose_name='确认人'),
        ),
    ]
