import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0014_park_risk_events'),
    ]

    operations = [
        migrations.AlterField(
            model_name='alarm',
            name='station',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='monitoring.station', verbose_name='测站'),
        ),
        migrations.AlterField(
            model_name='alarmrule',
            name='kind',
            field=models.CharField(choices=[('limit', '阈值'), ('rate', '变化率（每小时）'), ('silence', '离线'), ('group', '组合（n 中取 k）'), ('composite', '组合（与或非）'), ('computed', '计算值越限')], default='limit', max_length=10, verbose_name='类型'),
        ),
    ]
