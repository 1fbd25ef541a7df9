-- Every value that a kind of segment has in the catalogue.
-- Source: core.item. Feeds: api.weighted_decay_segments.
-- Keeps: hops from value to value through an index, so it costs as much as there are values,
-- however many items.
create function api.segment_values(kind text)
returns setof text
language plpgsql stable rows 50
set enable_seqscan = off
as $$
declare
    value text := '';
begin
    loop
        case kind
            when 'category' then
                select min(item.category) into value from core.item where item.category > value;
            when 'content_type' then
                select min(item.content_type) into value
                from core.item where item.content_type > value;
            when 'creator' then
                select min(item.creator) into value from core.item where item.creator > value;
            when 'language' then
                select min(item.language) into value from core.item where item.language > value;
        end case;
        exit when value is null;
        return next value;
    end loop;
end;
$$;

comment on function api.segment_values(text) is
    'The values of category, content_type, creator or language, in order.';
grant execute on function api.segment_values(text) to groundswell_service, groundswell_read;
