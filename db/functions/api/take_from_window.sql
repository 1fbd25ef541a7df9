-- Take out of one window what has left it, now that it begins later.
-- Source: api.counted_between, api.dropped_minutes for what is gone. Feeds: core.item_window.
-- Keeps: only api.move_windows may call it (see api.add_to_window). What happened after `held`, up
-- to `edge`, leaves exactly if it came: what is still in the feed beyond the slice has not. An item
-- without an event in the window has no row.
create function api.take_from_window(
    "window" text, held timestamptz, edge timestamptz, fed_since timestamptz
)
returns bigint
language plpgsql volatile
-- As api.add_to_window has it.
set enable_hashjoin = on
as $$
declare
    raw_since constant timestamptz := api.raw_since();
    touched bigint;
begin
    with gone as (
        select
            past.item_id,
            sum(past.views) as views,
            sum(past.likes) as likes,
            sum(past.comments) as comments,
            sum(past.shares) as shares,
            sum(past.watch_seconds) as watch_seconds,
            sum(past.unlikes) as unlikes,
            sum(past.uncomments) as uncomments
        from (
            select
                left_it.item_id,
                left_it.views,
                left_it.likes,
                left_it.comments,
                left_it.shares,
                left_it.watch_seconds,
                left_it.unlikes,
                left_it.uncomments
            from api.counted_between(
                take_from_window.held, take_from_window.edge, take_from_window.fed_since, raw_since
            ) as left_it
            union all
            select
                minute.item_id,
                minute.views,
                minute.likes,
                minute.comments,
                minute.shares,
                minute.watch_seconds,
                greatest(-minute.likes, 0),
                greatest(-minute.comments, 0)
            from api.dropped_minutes(
                take_from_window.held, take_from_window.edge, raw_since
            ) as minute
        ) as past
        group by past.item_id
    ),

    emptied as (
        delete from core.item_window as stored
        using gone
        where
            stored."window" = take_from_window."window"
            and stored.item_id = gone.item_id
            and greatest(stored.last_event_at, stored.last_taken_at) <= take_from_window.edge
    )

    update core.item_window as stored
    set
        views = stored.views - gone.views,
        likes = stored.likes - gone.likes,
        comments = stored.comments - gone.comments,
        shares = stored.shares - gone.shares,
        watch_seconds = stored.watch_seconds - gone.watch_seconds,
        unlikes = stored.unlikes - gone.unlikes,
        uncomments = stored.uncomments - gone.uncomments
    from gone
    where
        stored."window" = take_from_window."window"
        and stored.item_id = gone.item_id
        and greatest(stored.last_event_at, stored.last_taken_at) > take_from_window.edge;
    get diagnostics touched = row_count;
    return touched;
end;
$$;

comment on function api.take_from_window(text, timestamptz, timestamptz, timestamptz) is
    'Takes events after held and up to edge out of one window, but for the feed''s before '
    'fed_since; answers how many counts it changed.';
