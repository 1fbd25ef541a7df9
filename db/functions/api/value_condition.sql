-- The condition on the value of a dimension that a filter means, as SQL; null for none.
-- Source: the filter. Feeds: api.engagement_sums.
-- Keeps: values are quoted. A filter has `in`, of which it must be one, or `notIn`, of which it
-- must be none.
create function api.value_condition(wanted jsonb)
returns text
language sql immutable
begin atomic
select
    string_agg(
        format(
            case part.rule
                when 'in' then 'part.value = any(%L::text [])'
                else 'part.value <> all(%L::text [])'
            end,
            array(select jsonb_array_elements_text(part.names))
        ),
        ' and '
    )
from jsonb_each(value_condition.wanted - 'key') as part (rule, names);
end;

comment on function api.value_condition(jsonb) is
    'What a filter such as {"key": "device", "in": ["phone"]} asks of part.value.';
grant execute on function api.value_condition(jsonb) to groundswell_service, groundswell_read;
