-- Erase what is known of an item, and leave a nameless, excluded one in its place.
-- Source: POST /admin/erasures, groundswell erase.
-- Feeds: core.item, core.item_exclusion, core.editorial_rule, core.editorial_review,
-- core.item_like, core.discount, core.actor_action, the tables of agg's aggregates.
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
    level record;
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
    update core.editorial_rule as rule
    set
        name = 'erased-' || rule.rule_id,
        reason = 'erased',
        lifted_by = coalesce(rule.lifted_by, 'erasure'),
        lifted_at = coalesce(rule.lifted_at, erase_item.as_of)
    where rule.item_id = erase_item.item_id;
    delete from core.editorial_review as review where review.item_id = erase_item.item_id;
    if not erase_item.purges then
        return;
    end if;
    delete from core.item_like as liked where liked.item_id = erase_item.item_id;
    -- The site keeps its viewers: whether they have viewed anything else is not known for long.
    delete from core.viewer_day as stored where stored.item_id = erase_item.item_id;
    delete from core.viewer_item as stored where stored.item_id = erase_item.item_id;
    delete from core.discount as taken where taken.item_id = erase_item.item_id;
    delete from core.actor_action as acted where acted.item_id = erase_item.item_id;
    -- From the counts of the site as long as those of the item are there to say how much.
    for level in
        select
            width.name,
            api.level_table(width.name) as stored,
            api.level_table(width.source) as source,
            width.name ~ '^site_by_' as is_dimension
        from core.aggregate_level as width
        where width.name ~ '^site_'
    loop
        execute format(
            $take$
            update %1$s as site
            set
                views = site.views - mine.views,
                likes = site.likes - mine.likes,
                comments = site.comments - mine.comments,
                shares = site.shares - mine.shares,
                watch_seconds = site.watch_seconds - mine.watch_seconds
            from %2$s as mine
            where mine.item_id = $1 and site.bucket = mine.bucket %3$s
            $take$,
            level.stored, level.source, case when level.is_dimension then 'and site.value = mine.value' end
        ) using item_id;
    end loop;
    for level in
        select api.level_table(width.name) as stored
        from core.aggregate_level as width
        where width.name !~ '^site_'
    loop
        execute format('delete from %s where item_id = $1', level.stored) using item_id;
    end loop;
end;
$$;

comment on function api.erase_item(bigint, boolean, timestamptz) is
    'Takes name and texts from an item and excludes it; deletes its likes and aggregates, too, '
    'where it purges.';
revoke execute on function api.erase_item(bigint, boolean, timestamptz) from public;
grant execute on function api.erase_item(bigint, boolean, timestamptz) to groundswell_service;
