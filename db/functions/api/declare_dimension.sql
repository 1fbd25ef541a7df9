-- Count the events by a key of their metadata from now on, and those that are still there.
-- Source: groundswell dimensions declare, the DBA. Feeds: core.dimension, core.aggregate_level,
-- core.storage_policy.
-- Keeps: ten at most. With its owner's rights, as it makes aggregates. The next refresh fills them:
-- until then they are read from the events.
create procedure api.declare_dimension(key text, names text[])
language plpgsql
security definer
set search_path = pg_catalog, public
as $$
declare
    plain_key constant text := replace(key, '.', '__');
    with_items constant text := format('dimension_%s_15m', plain_key);
    without_items constant text := format('site_by_%s_15m', plain_key);
    sums constant text := 'sum(views)::bigint as views, sum(likes)::bigint as likes, '
        'sum(comments)::bigint as comments, sum(shares)::bigint as shares, '
        'sum(watch_seconds) as watch_seconds';
begin
    perform pg_advisory_xact_lock(hashtextextended('groundswell dimension', 0));
    if exists (
        select from core.dimension as known where replace(known.key, '.', '__') = plain_key
    ) then
        raise exception using
            errcode = 'check_violation',
            message = format('dimension %s is declared already: drop it first', key);
    end if;
    if key !~ '^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)?$' or char_length(key) > 30 then
        raise exception using
            errcode = 'check_violation',
            message = format(
                'key %L: use 1 to 30 of a-z, 0-9 and _, a letter first; of two keys together, a '
                'dot between them', key
            );
    end if;
    if
        cardinality(names) not between 1 and 200
        or 'other' = any(names)
        or exists (
            select from unnest(names) as name where char_length(name) not between 1 and 200
        )
    then
        raise exception using
            errcode = 'check_violation',
            message = 'values: name 1 to 200, of as many characters each, without other, which is '
                'the rest';
    end if;
    if key like '%.%' and exists (select from unnest(names) as name where name not like '_%/_%') then
        raise exception using
            errcode = 'check_violation',
            message = format(
                'values: those of %s are a value of each with a slash between them, such as '
                'phone/DE', key
            );
    end if;
    if (select count(*) from core.dimension) >= 10 then
        raise exception using
            errcode = 'check_violation', message = 'ten dimensions are declared already';
    end if;
    insert into core.dimension (key, names, counted_since)
    values (declare_dimension.key, declare_dimension.names, api.dropped_before('event'));

    execute format(
        $make$
        create materialized view agg.%I
        with (timescaledb.continuous, timescaledb.materialized_only = false) as
        select
            time_bucket(interval '15 minutes', occurred_at) as bucket,
            item_id,
            %s as value,
            sum(case event_type when 'view' then count else 0 end)::bigint as views,
            sum(case event_type when 'like' then count when 'unlike' then -count else 0 end)::bigint
                as likes,
            sum(
                case event_type when 'comment' then count when 'uncomment' then -count else 0 end
            )::bigint as comments,
            sum(case event_type when 'share' then count else 0 end)::bigint as shares,
            sum(case event_type when 'watch_time' then seconds * count else 0 end) as watch_seconds
        from core.event
        where counted
        group by time_bucket(interval '15 minutes', occurred_at), item_id, value
        with no data
        $make$,
        with_items, api.dimension_value(key, names)
    );
    execute format(
        $make$
        create materialized view agg.%I
        with (timescaledb.continuous, timescaledb.materialized_only = false) as
        select time_bucket(interval '15 minutes', bucket) as bucket, value, %s
        from agg.%I
        group by time_bucket(interval '15 minutes', bucket), value
        with no data
        $make$,
        without_items, sums, with_items
    );
    execute format(
        'comment on view agg.%I is %L', with_items,
        format('Engagement by %s, item and quarter of an hour (UTC).', key)
    );
    execute format(
        'comment on view agg.%I is %L', without_items,
        format('Engagement by %s and quarter of an hour (UTC).', key)
    );
    execute format(
        'grant select on agg.%I, agg.%I to groundswell_service, groundswell_read',
        with_items, without_items
    );
    execute format('alter materialized view agg.%I set (timescaledb.compress = true)', with_items);
    execute format(
        'alter materialized view agg.%I set (timescaledb.compress = true)', without_items
    );
    insert into core.aggregate_level (name, source, bucket)
    values
    (with_items, 'event', interval '15 minutes'),
    (without_items, with_items, interval '15 minutes');
    insert into core.storage_policy
    (level, keep_for, columnstore_after, refresh_every, refresh_lag, refresh_late_every)
    values
    (with_items, null, interval '40 days', '5 minutes', '1 minute', interval '1 hour'),
    (without_items, null, interval '40 days', '5 minutes', '1 minute', interval '1 hour');
end;
$$;

comment on procedure api.declare_dimension (text, text []) is
    'Makes the aggregates of a dimension: a key of the metadata, and the values to tell apart. '
    'Stable.';
revoke execute on procedure api.declare_dimension(text, text[]) from public;
grant execute on procedure api.declare_dimension(text, text[]) to groundswell_service;
