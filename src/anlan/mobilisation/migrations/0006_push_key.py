import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("mobilisation", "0005_roster"),
    ]

    operations = [
        migrations.AlterField(
            model_name="subscriber", name="way",
            field=models.CharField(choices=[("sms", "短信"), ("mail", "邮件"), ("push", "网页推送")], max_length=4, verbose_name="方式"),
        ),
        migrations.CreateModel(
            name="PushKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=120, unique=True)),
                ("endpoint", models.CharField(max_length=500)),
                ("p256dh", models.CharField(max_length=120)),
                ("auth", models.CharField(max_length=40)),
                ("subscriber", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="push", to="mobilisation.subscriber")),
            ],
            options={"verbose_name": "推送地址"},
        ),
    ]
