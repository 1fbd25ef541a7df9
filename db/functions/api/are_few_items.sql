-- Whether few items pass a filter, so that they are gathered before anything else is looked at.
-- Source: core.item. Feeds: api.items_by_hot, api.items_by_new, api.items_by_views and -likes.
-- Keeps: counts no further than to where they are many.
create function api.are_few_items(category text, content_type text)
returns boolean
language plpgsql stable
set jit = off
set plan_cache_mode = force_custom_plan
as $$
declare
    few constant integer := 10000;
begin
    if category is null and content_type is null then
        return false;
    end if;
    return (
        select count(*) <= few
        from (
            select 1
            from core.item as item
            where
                (are_few_items.category is null or item.category = are_few_items.category)
                and (
                    are_few_items.content_type is null or item.content_type = are_few_items.content_type
                )
            limit few + 1
        ) as part
    );
end;
$$;

comment on function api.are_few_items(text, text) is
    'True if at most 10,000 items are of the category and the content type; null is any.';
grant execute on function api.are_few_items(text, text) to groundswell_service, groundswell_read;
