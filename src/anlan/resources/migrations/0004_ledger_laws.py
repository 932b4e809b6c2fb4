"""The laws of the ledger, in the database: lines only grow, stocks change by lines alone, goods do not jump."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
create sequence resources_lot_number start 1001;
create function anlan_ledger_append_only() returns trigger language plpgsql as
$$ begin raise exception '物资账只能追加，不能更改或删除，错账用冲红 (append-only)' using errcode = 'check_violation'; end $$;
create trigger resources_line_append_only before update or delete on resources_line
  for each row execute function anlan_ledger_append_only();
create trigger resources_movement_append_only before update or delete on resources_movement
  for each row execute function anlan_ledger_append_only();

create function anlan_ledger_post() returns trigger language plpgsql as $$
declare same integer;
begin
  perform 1 from resources_stock where id in (new.source_id, new.target_id) order by id for no key update;
  select count(*) into same from resources_stock
    where id in (new.source_id, new.target_id) and material_id = new.material_id;
  if same <> (new.source_id is not null)::int + (new.target_id is not null)::int then
    raise exception '分录的物资与库存批次不符' using errcode = 'check_violation';
  end if;
  update resources_stock set quantity = quantity - new.quantity where id = new.source_id;
  update resources_stock set quantity = quantity + new.quantity where id = new.target_id;
  return null;
end $$;
create trigger resources_line_post after insert on resources_line for each row execute function anlan_ledger_post();

create function anlan_stock_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.quantity <> 0 then
      raise exception '新批次的数量须由入库单产生' using errcode = 'check_violation';
    end if;
    return new;
  end if;
  if new.quantity <> old.quantity and pg_trigger_depth() < 2 then
    raise exception '库存数量是物资账的余额，只能由单据改变' using errcode = 'check_violation';
  end if;
  if (new.store_id, new.shelf, new.material_id, new.consignment_id)
     is distinct from (old.store_id, old.shelf, old.material_id, old.consignment_id)
     and exists (select 1 from resources_line where source_id = old.id or target_id = old.id) then
    raise exception '已有账目的批次不能改库点、货位或物资，请用移库或调拨' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger resources_stock_guard before insert or update on resources_stock
  for each row execute function anlan_stock_guard();
"""
BACKWARD = """
drop trigger resources_stock_guard on resources_stock;
drop trigger resources_line_post on resources_line;
drop trigger resources_line_append_only on resources_line;
drop trigger resources_movement_append_only on resources_movement;
drop function anlan_stock_guard();
drop function anlan_ledger_post();
drop function anlan_ledger_append_only();
drop sequence resources_lot_number;
"""


class Migration(migrations.Migration):
    dependencies = [("resources", "0003_opening_balances")]
    operations = [
        migrations.RemoveField(
            model_name='stock',
            name='item',
        ),
        migrations.RemoveField(
            model_name='stock',
            name='item_code',
        ),
        migrations.RemoveField(
            model_name='stock',
            name='unit',
        ),
        migrations.AddConstraint(
            model_name='stock',
            constraint=models.UniqueConstraint(fields=('store', 'shelf', 'material', 'lot_no', 'produced_on', 'expires_on', 'holding', 'consignment'), name='one_account_per_lot_and_place', nulls_distinct=False),
        ),
        migrations.AlterField(
            model_name='stock',
            name='material',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stock', to='resources.material', verbose_name='物资'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
