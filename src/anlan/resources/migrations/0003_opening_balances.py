"""What stood in the old column becomes the opening balance of the books: one movement per store."""

from django.db import migrations

from anlan.kernel import clock


def open_books(apps, schema_editor):
    Material, Stock, Movement, Line = (
        apps.get_model("resources", name) for name in ("Material", "Stock", "Movement", "Line")
    )
    seen, movements = set(), {}
    for stock in Stock._base_manager.order_by("pk"):
        material, _new = Material.objects.get_or_create(
            code=stock.item_code, defaults={"name": stock.item, "unit": stock.unit, "whole": stock.quantity % 1 == 0}
        )
        if stock.quantity % 1 and material.whole:
            material.whole = False
            material.save()
        key = (stock.store_id, material.pk, stock.expires_on)
        stock.material_id, stock.lot_no = material.pk, stock.code[:40] if key in seen else ""
        seen.add(key)
        stock.save()
        if stock.quantity > 0:
            if stock.store_id not in movements:
                movements[stock.store_id] = Movement._base_manager.create(
                    kind="opening", store_id=stock.store_id, at=clock.now(), by="系统·建账", reason="由原库存数量转入"
                )
            Line._base_manager.create(
                movement=movements[stock.store_id], material=material, source_account="opening", target=stock,
                quantity=stock.quantity,
            )
    schema_editor.execute("set constraints all immediate")


def close_books(apps, schema_editor):
    Stock = apps.get_model("resources", "Stock")
    for stock in Stock._base_manager.select_related("material"):
        stock.item_code, stock.item, stock.unit = stock.material.code, stock.material.name, stock.material.unit
        stock.save()
    schema_editor.execute("set constraints all immediate")


class Migration(migrations.Migration):
    dependencies = [("resources", "0002_materials")]
    operations = [migrations.RunPython(open_books, close_books)]
