-- The categories or the content types of the catalogue that have a text in their name.
-- Source: core.item. Feeds: GET /search, api.search_items.
-- Keeps: one look into an index for each name, at most a thousand, never all items.
create function api.catalogue_names(kind text, wanted text, most integer)
returns table (name text)
language plpgsql stable rows 20
as $$
declare
    names text[] := '{}';
    last_name text := '';
begin
    loop
        if kind = 'category' then
            last_name := (
                select item.category from core.item as item
                where item.category > last_name
                order by item.category
                limit 1
            );
        else
            last_name := (
                select item.content_type from core.item as item
                where item.content_type > last_name
                order by item.content_type
                limit 1
            );
        end if;
        exit when last_name is null;
        names := names || last_name;
        exit when cardinality(names) >= 1000;
    end loop;
    return query
    select known.name
    from unnest(names) as known (name)
    where strpos(lower(known.name), lower(wanted)) > 0
    order by starts_with(lower(known.name), lower(wanted)) desc, known.name
    limit most;
end;
$$;

comment on function api.catalogue_names(text, text, integer) is
    'Up to so many names of a kind, category or content_type, with this text in them whatever the '
    'case, those that begin with it first; the first thousand of the catalogue are looked at.';
grant execute on function api.catalogue_names(text, text, integer)
to groundswell_service, groundswell_read;
