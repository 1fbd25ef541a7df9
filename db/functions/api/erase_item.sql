-- Erase what is known of an item, and leave a nameless, excluded one in its place.
-- Source: POST /admin/erasures, groundswell erase.
-- Feeds: core.item, core.item_exclusion, core.item_like, agg.*.
-- Keeps: without `purges` its counts stay in sums over all items. With it they go, also from days
-- whose raw events are gone; scores and windows follow when api.reconcile has run. Its events are
-- api.erase_events' to erase.
create function api.erase_item(item_id bigint, purges boolean, as_of timestamptz)
returns void
language plpgsql volatile
security definer
set search_path = pg_catalog
set timescaledb.max_tuples_decompressed_per_dml_transaction = 0
as $$
#variable_conflict use_column
declare
    level text;
begin
    update core.item as item
    set
        external_id = 'erased-' || gen_random_uuid(),
        title = null,
        category = null,
        creator = null,
        published_at = null,
        attributes = '{}'
    where item.item_id = erase_item.item_id;
    update core.item_exclusion as excluded set reason = 'erased'
    where excluded.item_id = erase_item.item_id;
    insert into core.item_exclusion (item_id, reason, excluded_by, excluded_at)
    values (erase_item.item_id, 'erased', 'erasure', erase_item.as_of)
    on conflict (item_id) where lifted_at is null do nothing;
    if not erase_item.purges then
        return;
    end if;
    delete from core.item_like as liked where liked.item_id = erase_item.item_id;
    for level in
        select
            format(
                '%I.%I',
                aggregate.materialization_hypertable_schema,
                aggregate.materialization_hypertable_name
            )
        from timescaledb_information.continuous_aggregates as aggregate
        where aggregate.view_schema = 'agg'
    loop
        execute format('delete from %s where item_id = $1', level) using erase_item.item_id;
    end loop;
end;
$$;

comment on function api.erase_item(bigint, boolean, timestamptz) is
    'Takes name and texts from an item and excludes it; deletes its likes and aggregates, too, '
    'where it purges.';
revoke execute on function api.erase_item(bigint, boolean, timestamptz) from public;
grant execute on function api.erase_item(bigint, boolean, timestamptz) to groundswell_service;
