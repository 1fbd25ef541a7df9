-- Drop the chunks of a level that end by a moment, if what is made of it has counted all of them.
-- Source: core.aggregate_level, api.level_chunks, api.changed_ranges. Feeds: api.maintain_storage.
-- Keeps: nothing can come into the chunks between the look and the drop: writers are held off
-- (api.hold_raw_events), and others by a lock on each chunk. Where a refresh failed, was skipped or
-- was cut off, some log still has what it left.
create function api.drop_counted(level text, border timestamptz)
returns bigint
language plpgsql volatile
as $$
declare
    uncounted text;
    chunk text;
begin
    perform pg_advisory_xact_lock(hashtextextended('groundswell retention', 0));
    perform api.note_chunks();
    for chunk in
        select stored.chunk
        from api.level_chunks() as stored
        where stored.level = drop_counted.level and stored.ends <= border
        order by stored.begins
    loop
        execute format('lock table %s in exclusive mode', chunk);
    end loop;
    select string_agg(next_level.name, ' and ' order by next_level.name) into uncounted
    from core.aggregate_level as next_level
    where
        next_level.source = drop_counted.level
        and exists (
            select 1
            from api.changed_ranges(
                next_level.name, next_level.bucket, api.dropped_before(drop_counted.level), border
            )
        );
    if uncounted is not null then
        raise exception using
            errcode = 'object_not_in_prerequisite_state',
            message = format('nothing dropped, as %s has not counted all of it', uncounted);
    end if;
    return (
        select count(*)
        from drop_chunks(
            case level when 'event' then 'core.event' else 'agg.' || level end::regclass,
            older_than => border
        )
    );
end;
$$;

comment on function api.drop_counted(text, timestamptz) is
    'Drops what is past and answers how many chunks; raises an error where it is not counted.';
