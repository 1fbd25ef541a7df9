-- The value of a dimension that an event counts under, as SQL.
-- Source: core.dimension. Feeds: api.declare_dimension, api.engagement_sums.
-- Keeps: nothing but the names of the dimension, and other.
create function api.dimension_value(key text, names text[])
returns text
language sql immutable
return format(
    $value$
    case
        when (metadata ->> %1$L) = any(%2$L::text []) then metadata ->> %1$L
        else 'other'
    end
    $value$,
    key, names
);

comment on function api.dimension_value(text, text[]) is
    'The expression over a row of core.event that says under which name it counts.';
grant execute on function api.dimension_value(text, text[])
to groundswell_service, groundswell_read;
