-- Whether nothing was ever scored, and whether something waits for it.
select
    not exists (select from core.item_window) as is_unscored,
    exists (select from core.score_feed) as has_events;
