-- Let no run and no alert have an id that was given before to what a restore has lost.
-- Source: the server's control data, core.lineage. Feeds: core.ranking_run, core.alert,
-- core.lineage.
-- Keeps: a database that was restored to an earlier moment, or a standby that did not have all when
-- it took over, would give ids anew that Redis, cursors and receivers of alerts know as something
-- else. There, ids go on from the milliseconds since 1970: fewer are given than pass. So does the
-- epoch, by which publishers know a server that was deposed; it rises whatever the clock says.
-- `always` is for a copy of the files of a disk, which nothing tells from the disk, and for going
-- back to a server that was deposed.
create function api.skip_used_ids(always boolean default false)
returns void
language plpgsql volatile
as $$
declare
    here core.lineage;
    before core.lineage;
begin
    select
        true,
        control.system_identifier,
        left(pg_walfile_name(pg_current_wal_lsn()), 8),
        known.oid,
        (extract(epoch from clock_timestamp()) * 1000)::bigint,
        clock_timestamp()
    into here
    from pg_control_system() as control
    cross join pg_database as known
    where known.datname = current_database();
    select lineage.* into before from core.lineage as lineage;
    if
        not always
        and (here.system_identifier, here.timeline, here.database_id)
        = (before.system_identifier, before.timeline, before.database_id)
    then
        return;
    end if;
    -- Whoever noticed it first has done it.
    lock table core.lineage in share row exclusive mode;
    select lineage.* into before from core.lineage as lineage;
    if
        not always
        and (here.system_identifier, here.timeline, here.database_id)
        = (before.system_identifier, before.timeline, before.database_id)
    then
        return;
    end if;
    here.epoch := greatest(here.epoch, before.epoch + 1);
    insert into core.lineage select here.*
    on conflict (is_only) do update
    set
        system_identifier = excluded.system_identifier,
        timeline = excluded.timeline,
        database_id = excluded.database_id,
        epoch = excluded.epoch,
        since = excluded.since;
    if always or before.since is not null then
        perform setval(given.sequence, floor.id)
        from (
            values
            (pg_get_serial_sequence('core.ranking_run', 'run_id')::regclass),
            (pg_get_serial_sequence('core.alert', 'alert_id')::regclass)
        ) as given (sequence)
        cross join (
            select (extract(epoch from clock_timestamp()) * 1000)::bigint as id
        ) as floor
        where floor.id > coalesce(pg_sequence_last_value(given.sequence), 0);
    end if;
end;
$$;

comment on function api.skip_used_ids(boolean) is
    'After a restore or failover, moves the ids of runs and alerts on to the present, so that none '
    'comes again, and raises the epoch. '
    'Stable.';
