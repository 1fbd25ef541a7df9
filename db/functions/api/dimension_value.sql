-- The value of a dimension that an event counts under, as SQL.
-- Source: core.dimension. Feeds: api.declare_dimension, api.engagement_sums.
-- Keeps: nothing but the names of the dimension, and other. Two keys have a value together where
-- the event has both.
create function api.dimension_value(key text, names text[])
returns text
language sql immutable
return format(
    $value$
    case
        when (%1$s) = any(%2$L::text []) then %1$s
        else 'other'
    end
    $value$,
    concat_ws(
        ' || ''/'' || ',
        format('metadata ->> %L', split_part(key, '.', 1)),
        case when key like '%.%' then format('(metadata ->> %L)', split_part(key, '.', 2)) end
    ),
    names
);

comment on function api.dimension_value(text, text[]) is
    'The expression over a row of core.event that says under which name it counts.';
grant execute on function api.dimension_value(text, text[])
to groundswell_service, groundswell_read;
