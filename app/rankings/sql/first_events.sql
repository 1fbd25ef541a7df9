-- Whether something was ever scored, and whether something waits for it.
select
    (select true from core.item_window limit 1) is not null as is_scored,
    (select true from core.score_feed limit 1) is not null as has_events
