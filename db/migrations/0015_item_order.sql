-- migrate:up
-- The orders in which GET /items lists the catalogue.
-- Source: core.item, core.item_window, core.item_hot. Feeds: api.list_items.

-- The newest items of all, of a content type, of a category; the last takes the place of
-- item_by_category, and tells the content type without a look at the row.
create index item_newest on core.item (coalesce(published_at, created_at) desc, item_id desc);
create index item_newest_of_content_type
on core.item (content_type, coalesce(published_at, created_at) desc, item_id desc);
create index item_newest_of_category
on core.item (category, coalesce(published_at, created_at) desc, item_id desc)
include (content_type);
-- squawk-ignore require-concurrent-index-deletion
drop index core.item_by_category;

-- By lifetime counts and by hot rank; what they cost: docs/decisions/0010.
create index item_window_all_by_views on core.item_window_all (views desc, item_id desc);
create index item_window_all_by_likes on core.item_window_all (likes desc, item_id desc);
create index item_hot_by_rank on core.item_hot (hot_rank, item_id);

-- migrate:down
-- squawk-ignore require-concurrent-index-deletion
drop index core.item_hot_by_rank;
-- squawk-ignore require-concurrent-index-deletion
drop index core.item_window_all_by_likes;
-- squawk-ignore require-concurrent-index-deletion
drop index core.item_window_all_by_views;
create index item_by_category on core.item (category);
-- squawk-ignore require-concurrent-index-deletion
drop index core.item_newest_of_category;
-- squawk-ignore require-concurrent-index-deletion
drop index core.item_newest_of_content_type;
-- squawk-ignore require-concurrent-index-deletion
drop index core.item_newest;
