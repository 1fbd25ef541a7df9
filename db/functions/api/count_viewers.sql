-- How many viewers the entries of each of some groups are together.
-- Source: entries as core.viewer_day has them, each beside the number of its group, each once.
-- Feeds: api.unique_viewers, api.viewers_since.
-- Keeps: exact for a group without registers.
create function api.count_viewers(places bigint[], entries bigint[])
returns table (place bigint, viewers bigint)
language sql immutable parallel safe
set jit = off
set work_mem = '64MB'
begin atomic
with given as materialized (
    select
        each.place,
        each.entry
    from unnest(count_viewers.places, count_viewers.entries) as each (place, entry)
),

form as materialized (
    select
        given.place,
        count(*) as entries,
        min(given.entry) < 0 as has_registers
    from given
    group by given.place
),

register as (
    select
        coded.place,
        coded.code / 64 as register,
        max(coded.code % 64) as rank
    from (
        select
            given.place,
            -1 - case when given.entry < 0 then given.entry else api.viewer_entry(given.entry) end
                as code
        from given
        inner join form on given.place = form.place
        where form.has_registers
    ) as coded
    group by coded.place, coded.code / 64
),

spread as (
    select
        register.place,
        register.rank,
        count(*) as registers
    from register
    group by register.place, register.rank
)

select
    spread.place,
    api.estimate_viewers(array_agg(spread.rank), array_agg(spread.registers))
from spread
group by spread.place
union all
select
    form.place,
    form.entries
from form
where not form.has_registers;
end;

comment on function api.count_viewers(bigint[], bigint[]) is
    'Unique viewers of groups; no rows for those without entries.';
grant execute on function api.count_viewers(bigint[], bigint[])
to groundswell_service, groundswell_read;
