-- The parts of a ranking that an item belongs to, such as category:Music.
-- Source: core.item. Feeds: api.ranked, api.weighted_decay_segments.
-- Keeps: an item without a value of a kind belongs to no part of it.
create function api.item_segments(item core.item, kinds text[])
returns table (segment text)
language sql immutable parallel safe rows 2
begin atomic
select kind.name || ':' || kind.value
from (
    values
    ('category', (item).category),
    ('content_type', (item).content_type),
    ('creator', (item).creator),
    ('language', (item).language)
) as kind (name, value)
where kind.name = any(kinds) and kind.value is not null;
end;

comment on function api.item_segments(core.item, text[]) is
    'Segments of an item, of the kinds category, content_type, creator and language that are '
    'asked for.';
grant execute on function api.item_segments(core.item, text[])
to groundswell_service, groundswell_read;
