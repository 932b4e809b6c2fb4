from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('simulation', '0004_buildings_structures_steps'),
    ]

    operations = [
        migrations.AlterField(
            model_name='groundraster',
            name='kind',
            field=models.CharField(choices=[('fuel', '燃料模型编号'), ('elevation_m', '高程 m'), ('canopy_cover', '郁闭度 0–1'), ('canopy_height_m', '树高 m'), ('canopy_base_m', '枝下高 m'), ('bulk_density_kg_m3', '林冠容积密度 kg/m³'), ('vs30_m_s', '场地 Vs30 m/s')], max_length=20, verbose_name='种类'),
        ),
    ]
