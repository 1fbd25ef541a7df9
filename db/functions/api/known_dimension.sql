-- A declared key whose events are counted from a moment on; raises check_violation, which says why.
-- Source: core.dimension. Feeds: api.engagement_sums.
-- Keeps: values that are asked for (see api.value_condition) are among those told apart, or other.
create function api.known_dimension(
    key text, since timestamptz, wanted jsonb, is_split_by boolean
)
returns core.dimension
language plpgsql stable
as $$
declare
    parameter constant text := case when is_split_by then 'by' else 'metadata' end;
    found core.dimension;
    fault text;
begin
    select declared.* into found
    from core.dimension as declared
    where declared.key = known_dimension.key;
    fault := case
        when found.key is null
            then format('%s: %L is no declared key', parameter, 'metadata.' || key)
        when since < found.counted_since
            then format(
                'from: %s is counted from %s on', 'metadata.' || key,
                to_char(found.counted_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            )
        else (
            select
                format(
                    'metadata: %L is no value of %s that is told apart: %s', given.name, key,
                    array_to_string(found.names || 'other'::text, ', ')
                )
            from jsonb_each(wanted - 'key') as rule (name, names)
            cross join lateral jsonb_array_elements_text(rule.names) as given (name)
            where given.name <> all(found.names || 'other'::text)
            limit 1
        )
    end;
    if fault is not null then
        raise exception using errcode = 'check_violation', message = fault;
    end if;
    return found;
end;
$$;

comment on function api.known_dimension(text, timestamptz, jsonb, boolean) is
    'The row of core.dimension, where it can say what is asked for.';
grant execute on function api.known_dimension(text, timestamptz, jsonb, boolean)
to groundswell_service, groundswell_read;
