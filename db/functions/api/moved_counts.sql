-- By how much categories differ from what is summed, because of items that have changed theirs.
-- Source: core.recategorised, core.item, agg.*. Feeds: api.category_counts, api.settle_categories.
create function api.moved_counts(level text, begins timestamptz, ends timestamptz)
returns table (
    bucket timestamptz, content_type text, category text, entries bigint, views bigint,
    likes bigint, comments bigint, shares bigint, watch_seconds double precision
)
language plpgsql stable
set jit = off
as $$
begin
    perform from core.recategorised limit 1;
    if not found then
        return;
    end if;
    return query execute format(
        $moved$
        select
            part.bucket, moved.content_type, moved.category, moved.sign::bigint,
            moved.sign * part.views, moved.sign * part.likes, moved.sign * part.comments,
            moved.sign * part.shares, moved.sign * part.watch_seconds
        from (
            select known.item_id, known.content_type, known.category, -1 as sign
            from core.recategorised as known
            union all
            select item.item_id, item.content_type, item.category, 1
            from core.recategorised as known
            inner join core.item on known.item_id = item.item_id
        ) as moved
        inner join agg.%I as part on moved.item_id = part.item_id
        where
            part.bucket >= $1 and part.bucket < $2
            and part.item_id = any(array(select known.item_id from core.recategorised as known))
        $moved$,
        level
    ) using begins, ends;
end;
$$;

comment on function api.moved_counts(text, timestamptz, timestamptz) is
    'What to add to core.category_count, and to take off, for items that wait to be settled.';
grant execute on function api.moved_counts(text, timestamptz, timestamptz)
to groundswell_service, groundswell_read;
