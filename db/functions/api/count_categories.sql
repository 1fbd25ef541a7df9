-- Sum an aggregate by category in a stretch of time that is forgotten, and that it has whole.
-- Source: agg.*, core.item, core.recategorised. Feeds: core.category_count, core.category_level.
-- Keeps: nothing of what is past its keeping. An item that waits in core.recategorised counts as it
-- is noted there.
create function api.count_categories(level text, begins timestamptz, ends timestamptz)
returns void
language plpgsql volatile
set jit = off
as $$
declare
    since constant timestamptz := greatest(
        begins,
        -- Of a history that is new the newest comes first.
        (
            select upper(known.moments) - known.keep_for
            from core.category_level as known
            where known.level = count_categories.level
        )
    );
begin
    if since >= ends then
        return;
    end if;
    execute format(
        $count$
        insert into core.category_count (
            level, bucket, content_type, category, entries, views, likes, comments, shares,
            watch_seconds
        )
        select
            $1, part.bucket, item.content_type, known.category, count(*), sum(part.views),
            sum(part.likes), sum(part.comments), sum(part.shares), sum(part.watch_seconds)
        from agg.%I as part
        inner join core.item on part.item_id = item.item_id
        left join core.recategorised as moved on item.item_id = moved.item_id
        cross join lateral (
            select case when moved.item_id is null then item.category else moved.category end
                as category
        ) as known
        where part.bucket >= $2 and part.bucket < $3
        group by part.bucket, item.content_type, known.category
        $count$,
        level
    ) using level, since, ends;
    update core.category_level as known
    set moments = known.moments + tstzmultirange(tstzrange(since, ends))
    where known.level = count_categories.level;
end;
$$;

comment on function api.count_categories(text, timestamptz, timestamptz) is
    'Fills core.category_count between two moments.';
