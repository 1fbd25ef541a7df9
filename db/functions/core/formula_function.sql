-- The function that computes a formula: one of ours, or a DBA's own in schema formula.
-- Source: pg_proc. Feeds: core.check_ranking, every ranking.
create or replace function core.formula_function(formula text)
returns text
language sql stable
set search_path = pg_catalog
begin atomic
select format('%I.%I', space.nspname, known.proname)
from pg_catalog.pg_proc as known
inner join pg_catalog.pg_namespace as space on known.pronamespace = space.oid
where
    space.nspname in ('api', 'formula')
    and known.proname = formula_function.formula
    and known.proargtypes[0] = 'core.ranking'::regtype
    and known.proargtypes[1] = 'timestamp with time zone'::regtype
    and known.pronargs = 2
-- What was shipped goes first: its explanations are written for it.
order by space.nspname
limit 1;
end;

comment on function core.formula_function(text) is
    'Name of the function that computes a formula, with its schema; null where there is none.';
grant execute on function core.formula_function(text) to groundswell_service, groundswell_read;
