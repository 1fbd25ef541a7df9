-- Bring what is summed by category to how the catalogue is now, and drop what is past its keeping.
-- Source: api.refresh_aggregates. Feeds: core.category_count, core.recategorised.
-- Keeps: readers see all of it or nothing. Whoever changes a category meanwhile waits, and is noted
-- then; where somebody is at it now, the next run does it. An hour's changes together, or a
-- thousand, as each writes all categories of its buckets anew; readers add those that wait.
create function api.settle_categories(as_of timestamptz)
returns void
language plpgsql volatile
set jit = off
as $$
declare
    known core.category_level;
begin
    for known in
        select old.* from core.category_level as old
        where lower(old.moments) < settle_categories.as_of - old.keep_for - interval '1 day'
    loop
        perform api.forget_categories(
            known.level,
            '-infinity',
            time_bucket(interval '1 day', settle_categories.as_of - known.keep_for)
        );
    end loop;
    perform from core.recategorised as waiting
    having
        min(waiting.noted_at) < settle_categories.as_of - interval '1 hour' or count(*) > 1000;
    if not found then
        return;
    end if;
    begin
        lock table core.recategorised in exclusive mode nowait;
    exception when lock_not_available then
        return;
    end;
    for known in select level.* from core.category_level as level loop
        with moved as materialized (
            select each.*
            from api.moved_counts(known.level, lower(known.moments), upper(known.moments)) as each
            where each.bucket <@ known.moments
        ),

        taken as (
            delete from core.category_count as counted
            where
                counted.level = known.level
                and counted.bucket in (select moved.bucket from moved)
            returning counted.*
        )

        insert into core.category_count (
            level, bucket, content_type, category, entries, views, likes, comments, shares,
            watch_seconds
        )
        select
            known.level,
            part.bucket,
            part.content_type,
            part.category,
            sum(part.entries),
            sum(part.views),
            sum(part.likes),
            sum(part.comments),
            sum(part.shares),
            sum(part.watch_seconds)
        from (
            select moved.* from moved
            union all
            select
                taken.bucket,
                taken.content_type,
                taken.category,
                taken.entries,
                taken.views,
                taken.likes,
                taken.comments,
                taken.shares,
                taken.watch_seconds
            from taken
        ) as part
        group by part.bucket, part.content_type, part.category
        having sum(part.entries) <> 0;
    end loop;
    delete from core.recategorised;
end;
$$;

comment on function api.settle_categories(timestamptz) is
    'Moves counts to the categories that items have now.';
