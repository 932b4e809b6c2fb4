from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("monitoring", "0019_covering_key"),
    ]

    operations = [
        migrations.AddField(
            model_name="warning", name="mend_due_at", field=models.DateTimeField(null=True, verbose_name="更正期限"),
        ),
    ]
