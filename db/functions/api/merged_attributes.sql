-- Attributes after a patch of an item: what is absent stays, null takes away.
-- Source: JSON Merge Patch (RFC 7396). Feeds: api.put_items.
create function api.merged_attributes(attributes jsonb, patch jsonb)
returns jsonb
language sql immutable parallel safe
return case
    when not patch ? 'attributes' then attributes
    when patch -> 'attributes' = 'null' then '{}'
    else api.merge_patch(attributes, patch -> 'attributes')
end;

comment on function api.merged_attributes(jsonb, jsonb) is
    'The attributes with those of a catalogue entry merged in; null removes a key.';
grant execute on function api.merged_attributes(jsonb, jsonb) to groundswell_service;
