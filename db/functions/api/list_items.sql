-- One page of the catalogue in one of its orders, from after an item.
-- Source: api.items_by_hot, api.items_by_new, api.items_by_views, api.items_by_likes.
-- Feeds: GET /items.
-- Keeps: every item that is not excluded, once: first those that the order tells apart, then, as
-- rest, all others, the newest first.
create function api.list_items(
    sort text,
    category text,
    content_type text,
    after_rest boolean,
    after_count bigint,
    after_moment timestamptz,
    after_item bigint,
    most integer
)
returns table (item_id bigint, is_rest boolean, sort_count bigint, sort_moment timestamptz)
language plpgsql stable rows 100
as $$
begin
    case sort
        when 'hot' then
            return query
            select listed.* from api.items_by_hot(
                list_items.category, list_items.content_type, after_rest, after_count,
                after_moment, after_item, most
            ) as listed;
        when 'views' then
            return query
            select listed.* from api.items_by_views(
                list_items.category, list_items.content_type, after_rest, after_count,
                after_moment, after_item, most
            ) as listed;
        when 'likes' then
            return query
            select listed.* from api.items_by_likes(
                list_items.category, list_items.content_type, after_rest, after_count,
                after_moment, after_item, most
            ) as listed;
        when 'new' then
            return query
            select listed.* from api.items_by_new(
                list_items.category, list_items.content_type, after_moment, after_item, most
            ) as listed;
    end case;
end;
$$;

comment on function api.list_items(
    text, text, text, boolean, bigint, timestamptz, bigint, integer
) is
    'Up to so many items in the order hot, new, views or likes, of a category and a content type '
    'where they are given, after the item with these values where one is.';
grant execute on function api.list_items(
    text, text, text, boolean, bigint, timestamptz, bigint, integer
) to groundswell_service, groundswell_read;
