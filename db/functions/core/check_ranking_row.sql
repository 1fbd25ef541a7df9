-- Hold every row of core.ranking to core.check_ranking.
-- Source: core.ranking. Feeds: trigger ranking_sensible.
create or replace function core.check_ranking_row()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    perform core.check_ranking(new);
    return new;
end;
$$;

comment on function core.check_ranking_row() is 'Holds every row to core.check_ranking.';

create or replace trigger ranking_sensible
before insert or update on core.ranking
for each row execute function core.check_ranking_row();
