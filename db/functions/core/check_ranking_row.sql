-- Hold every row of core.ranking to core.check_ranking, and warn of one that would be empty.
-- Source: core.ranking, core.item. Feeds: trigger ranking_sensible.
create or replace function core.check_ranking_row()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    perform core.check_ranking(new);
    if (tg_op = 'INSERT' or new.content_type is distinct from old.content_type)
        and new.content_type is not null
        and not exists (
            select from core.item where item.content_type = new.content_type
        )
    then
        raise warning 'ranking %: no item has content_type % yet', new.name, new.content_type;
    end if;
    return new;
end;
$$;

comment on function core.check_ranking_row() is 'Holds every row to core.check_ranking.';

create or replace trigger ranking_sensible
before insert or update on core.ranking
for each row execute function core.check_ranking_row();
