-- Note in the ledger that alerts were raised, or why they could not be, or that they can again.
-- Source: api.raise_alerts, api.raise_count_alerts. Feeds: core.job_run.
-- Keeps: a run that raises none, after one that did not fail, leaves no line.
create function api.note_alerts(raised bigint, error text)
returns void
language sql volatile
begin atomic
insert into core.job_run (job, started_at, finished_at, row_count, error)
select
    'raise_alerts',
    clock_timestamp(),
    clock_timestamp(),
    note_alerts.raised,
    note_alerts.error
where
    note_alerts.raised > 0
    or note_alerts.error is not null
    or (
        select run.error is not null
        from core.job_run as run
        where run.job = 'raise_alerts'
        order by run.started_at desc
        limit 1
    );
end;

comment on function api.note_alerts(bigint, text) is
    'Writes a line of job raise_alerts, its rows being alerts, where there is something to say.';
