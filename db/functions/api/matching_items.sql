-- The items that a filter lets through, at most so many.
-- Source: core.item, api.item_condition. Feeds: GET /analytics/series, GET /analytics/totals.
create function api.matching_items(wanted jsonb, most integer)
returns bigint[]
language plpgsql stable
as $$
declare
    found bigint[];
begin
    execute format(
        'select array(select item.item_id from core.item where %s limit %s)',
        coalesce(api.item_condition(wanted), 'true'), most
    ) into found;
    return found;
end;
$$;

comment on function api.matching_items(jsonb, integer) is
    'Ids of some of the items that a filter such as {"category": {"in": ["Music"]}} lets through.';
grant execute on function api.matching_items(jsonb, integer)
to groundswell_service, groundswell_read;
