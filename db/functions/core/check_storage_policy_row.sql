-- Refuse settings of storage that silence a job or lose counts, in words that say what is allowed.
-- Source: core.storage_policy, core.aggregate_level. Feeds: trigger storage_policy_sensible.
-- Keeps: a statement is judged by what it leaves, so that several levels can be changed by one.
create or replace function core.check_storage_policy_row()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
    ever constant interval := '100000 years';
    fault text;
begin
    -- Several levels are made of some.
    select min(case
        when tg_op = 'UPDATE' and new.level <> old.level then
            'its level cannot be changed'
        when width.name is not null and (new.refresh_every is null or new.refresh_lag is null) then
            'refresh_every and refresh_lag: without them it would never be refreshed'
        when new.refresh_every > interval '1 day' then
            format('refresh_every %s: use 1 minute to 1 day', new.refresh_every)
        when new.refresh_lag > interval '1 day' then
            format('refresh_lag %s: use 0 to 1 day', new.refresh_lag)
        when width.name is not null and new.refresh_late_every is null then
            'refresh_late_every: without it late events would never reach it'
        when new.refresh_late_every not between new.refresh_every and interval '7 days' then
            format(
                'refresh_late_every %s: use refresh_every (%s) to 7 days', new.refresh_late_every,
                new.refresh_every
            )
        when
            width.name is not null and coarser.level is null and new.keep_for is not null
            and new.level !~ '^(site|dimension)_'
            then 'keep_for: use null, as lifetime counts are summed from it'
        when coarser.keep_for < coalesce(new.keep_for, ever) then format(
            'keep_for %s: %s is made of it and kept for %s; keep that as long or longer, for late '
            'events to be counted in both', coalesce(new.keep_for::text, 'null'), coarser.level,
            coarser.keep_for
        )
        when finer.level is not null and new.keep_for < coalesce(finer.keep_for, ever) then format(
            'keep_for %s: it is made of %s, which is kept for %s; keep it as long or longer, for '
            'late events to be counted in both', new.keep_for, finer.level,
            coalesce(finer.keep_for::text, 'ever')
        )
        when new.level ~ '^snapshot' then (
            select format(
                'keep_for: %s must be kept as long as %s or longer', thinner.level, denser.level
            )
            from core.storage_policy as denser
            inner join core.storage_policy as thinner
                on (denser.level, thinner.level) in (
                    ('snapshot', 'snapshot_hourly'), ('snapshot_hourly', 'snapshot_daily')
                )
            where coalesce(denser.keep_for, ever) > coalesce(thinner.keep_for, ever)
            limit 1
        )
    end)
    into fault
    from (select new.level as name) as this
    left join core.aggregate_level as width on this.name = width.name
    -- Nothing is made of what the site adds up to, and it says itself from when on it is kept.
    left join core.storage_policy as finer
        on width.source = finer.level and new.level !~ '^site_'
    left join core.aggregate_level as above
        on this.name = above.source and above.name !~ '^site_'
    left join core.storage_policy as coarser on above.name = coarser.level;
    if fault is not null then
        raise exception using
            errcode = 'check_violation',
            message = format('level %s: %s', new.level, fault),
            constraint = 'storage_policy_sensible',
            schema = 'core',
            table = 'storage_policy';
    end if;
    return null;
end;
$$;

comment on function core.check_storage_policy_row() is
    'Raises check_violation, saying what is allowed, for settings that silence or lose something.';

create or replace trigger storage_policy_sensible
after insert or update on core.storage_policy
for each row execute function core.check_storage_policy_row();
