-- Thin the snapshots that are past their keeping: to one an hour, to one a day, then to none.
-- Source: core.storage_policy. Feeds: core.ranking_run, core.ranking_base, api.maintain_storage.
-- Keeps: the newest run of a ranking is never dropped, nor a list that a kept run differs from, nor
-- one that what is published next is held against.
create function api.thin_runs(as_of timestamptz)
returns void
language sql volatile
set jit = off
begin atomic
delete from core.ranking_run as run
using (
    select
        kept.run_id,
        thin_runs.as_of - kept.as_of as age,
        row_number() over (
            partition by kept.ranking_id, date_trunc('hour', kept.as_of)
            order by kept.as_of desc, kept.run_id desc
        ) as place_in_hour,
        row_number() over (
            partition by kept.ranking_id, date_trunc('day', kept.as_of, 'UTC')
            order by kept.as_of desc, kept.run_id desc
        ) as place_in_day,
        row_number() over (
            partition by kept.ranking_id order by kept.as_of desc, kept.run_id desc
        ) as place
    from core.ranking_run as kept
) as ranked
inner join core.storage_policy as beat
    on
        ranked.age > beat.keep_for
        and case beat.level
            when 'snapshot' then ranked.place_in_hour > 1
            when 'snapshot_hourly' then ranked.place_in_day > 1
            else beat.level = 'snapshot_daily'
        end
where
    run.run_id = ranked.run_id
    and ranked.place > 1
    and not exists (
        select from core.sink_ranking as published
        where run.run_id in (published.run_id, published.next_run_id)
    );
select api.fold_runs(thin_runs.as_of);
delete from core.ranking_base as base
where not exists (
    select 1
    from core.ranking_snapshot as snapshot
    where snapshot.base_run_id = base.base_run_id and snapshot.segment = base.segment
);
end;

comment on function api.thin_runs(timestamptz) is
    'Deletes the runs that core.storage_policy keeps no longer, and stores those past the first '
    'of its times by themselves.';
