-- Attributes after a patch: what is absent stays, null takes away.
-- Source: JSON Merge Patch (RFC 7396), its first level. Feeds: api.put_items.
create function api.merged_attributes(attributes jsonb, patch jsonb)
returns jsonb
language sql immutable parallel safe
return case
    when not patch ? 'attributes' then attributes
    when patch -> 'attributes' = 'null' then '{}'
    when jsonb_typeof(patch -> 'attributes') <> 'object' then patch -> 'attributes'
    else (attributes || (patch -> 'attributes')) - array(
        select given.key
        from jsonb_each(patch -> 'attributes') as given
        where given.value = 'null'
    )
end;

comment on function api.merged_attributes(jsonb, jsonb) is
    'The attributes with those of a catalogue entry merged in, key by key; null removes a key.';
grant execute on function api.merged_attributes(jsonb, jsonb) to groundswell_service;
