"""Chunks refer to blocks of the roster and hold no numbers of people any more; what channels allow and cost. Fan-outs under
way are to be finished before; what is not is ended here, as not told."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

END = """
update gateways_fanout set refused = total - delivered - unknown, done_at = now() where done_at is null;
delete from gateways_fanoutchunk;
"""
CLASSES = [(1, "一般1·公开"), (2, "一般2·内部"), (3, "一般3·敏感"), (4, "一般4·敏感个人信息")]


class Migration(migrations.Migration):

    dependencies = [
        ("gateways", "0007_fanout_purpose"),
        ("mobilisation", "0005_roster"),
    ]

    operations = [
        migrations.RunSQL(END, migrations.RunSQL.noop),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="fanoutchunk", name="chunk_owed"),
        migrations.RemoveField(model_name="fanoutchunk", name="receivers"),
        migrations.RemoveField(model_name="fanoutchunk", name="addresses"),
        migrations.RemoveField(model_name="fanoutchunk", name="areas"),
        migrations.AddField(
            model_name="fanoutchunk", name="blocks",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="fanoutchunk", name="channel", field=models.CharField(default="", max_length=20), preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="fanoutchunk",
            index=models.Index(condition=models.Q(("state", "queued")), fields=["channel", "rank", "id"], name="chunk_owed"),
        ),
        migrations.AddField(
            model_name="fanout", name="gone", field=models.PositiveIntegerField(default=0, verbose_name="已退订"),
        ),
        migrations.AddField(
            model_name="fanout", name="pieces", field=models.PositiveSmallIntegerField(default=1, verbose_name="每人条数"),
        ),
        migrations.CreateModel(
            name="ChannelTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data_class", models.PositiveSmallIntegerField(choices=CLASSES, default=2, verbose_name="数据级")),
                ("channel", models.CharField(max_length=20, unique=True, verbose_name="渠道")),
                ("per_second", models.PositiveIntegerField(default=0, help_text="0 = 不限", verbose_name="每秒上限（条）")),
                ("price_cny", models.DecimalField(decimal_places=4, default=0, max_digits=8, verbose_name="单价（元/条）")),
                ("month_cny", models.DecimalField(decimal_places=2, default=0, help_text="0 = 不设", max_digits=10, verbose_name="每月预算（元）")),
                ("source", models.CharField(blank=True, max_length=120, verbose_name="依据")),
                ("free_at", models.DateTimeField(editable=False, null=True, verbose_name="空闲时刻")),
                ("area", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="kernel.area", verbose_name="所属区划")),
            ],
            options={
                "verbose_name": "渠道约定", "abstract": False, "base_manager_name": "everything",
                "default_manager_name": "everything",
            },
            managers=[("everything", django.db.models.manager.Manager())],
        ),
    ]
