"""灾情统计 came after the roles of existing installations: the bundled roles that fill in figures get the right to."""

from django.db import migrations

NEW = "command.losses"
#: The roles of the city package that carry the right from the start now; an installation's own roles are its own business.
ROLES = ("duty", "community")


def grant(apps, schema_editor):
    for role in apps.get_model("kernel", "Role").objects.filter(code__in=ROLES):
        if not {NEW, "command.*", "*"} & set(role.permissions):
            role.permissions = [*role.permissions, NEW]
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("command", "0017_losses"), ("kernel", "0005_account_home")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
