-- The condition on core.item that a filter of items means, as SQL; null for a filter of nothing.
-- Source: the filter. Feeds: api.engagement_sums.
-- Keeps: names and ids are quoted. A filter is an object of item, contentType, category and
-- creator, each with `in`, of which it must be one, or `notIn`, of which it must be none; to be
-- none of some it need not have any.
create function api.item_condition(wanted jsonb)
returns text
language sql immutable
begin atomic
select
    string_agg(
        case part.rule
            when 'in' then format('%s = any(%L::%s [])', known.name, listed.names, known.type)
            else format(
                '(%1$s <> all(%2$L::%3$s []) or %1$s is null)',
                known.name, listed.names, known.type
            )
        end,
        ' and '
    )
from (
    values
    ('item', 'item.item_id', 'bigint'),
    ('contentType', 'item.content_type', 'text'),
    ('category', 'item.category', 'text'),
    ('creator', 'item.creator', 'text')
) as known (key, name, type)
cross join lateral jsonb_each(item_condition.wanted -> known.key) as part (rule, names)
cross join lateral (
    select array(select jsonb_array_elements_text(part.names)) as names
) as listed;
end;

comment on function api.item_condition(jsonb) is
    'What a filter such as {"category": {"notIn": ["Music"]}} asks of a row called item.';
grant execute on function api.item_condition(jsonb) to groundswell_service, groundswell_read;
