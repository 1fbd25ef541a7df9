-- Note under which category an item was counted, whoever changes it.
-- Source: core.item. Feeds: core.recategorised.
-- Keeps: in the transaction of the change, so that no reader sees the one without the other; what
-- was noted first stays, as that is what is counted.
create or replace function core.note_category()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
begin
    insert into core.recategorised (item_id, content_type, category)
    values (old.item_id, old.content_type, old.category)
    on conflict (item_id) do nothing;
    return null;
end;
$$;

comment on function core.note_category() is
    'Tells core.recategorised of an item whose category or type changes.';

create or replace trigger note_changed_category
after update of category, content_type on core.item
for each row
when (
    old.category is distinct from new.category or old.content_type is distinct from new.content_type
)
execute function core.note_category();
comment on trigger note_changed_category on core.item is 'Keeps core.recategorised.';
