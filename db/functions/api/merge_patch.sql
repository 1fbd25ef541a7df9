-- A JSON value after a patch: what is absent stays, null takes away, objects are merged in depth.
-- Source: MergePatch of RFC 7396, section 2. Feeds: api.merged_attributes.
create function api.merge_patch(target jsonb, patch jsonb)
returns jsonb
-- No `begin atomic`: that has to know every function it calls, and it calls itself.
language sql immutable parallel safe
set search_path = pg_catalog
as $$
select case
    when jsonb_typeof(patch) <> 'object' then patch
    else (
        select
            coalesce(
                jsonb_object_agg(
                    key,
                    case
                        when jsonb_typeof(given.value) = 'object'
                            then api.merge_patch(known.value, given.value)
                        else coalesce(given.value, known.value)
                    end
                ) filter (where given.value is distinct from 'null'),
                '{}'
            )
        from jsonb_each(patch) as given
        full join jsonb_each(
            case jsonb_typeof(target) when 'object' then target else '{}' end
        ) as known using (key)
    )
end
$$;

comment on function api.merge_patch(jsonb, jsonb) is
    'The JSON value that a JSON Merge Patch makes of another.';
grant execute on function api.merge_patch(jsonb, jsonb) to groundswell_service;
