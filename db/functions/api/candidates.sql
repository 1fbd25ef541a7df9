-- What a moving-window formula runs over: the active items, with an event in the ranking's window
-- that gives something; or all of which anything was given or taken back in it.
-- Source: core.item_window, core.item, api.exclusion_in_force. Feeds: every formula but
-- weighted_decay and breakout.
-- Keeps: an excluded item is nowhere in it, so that it counts for no category or creator either. A
-- left join, which is not done where the formula asks for nothing of the catalogue.
create function api.candidates(ranking core.ranking, only_active boolean default true)
returns table (
    item_id bigint,
    category text,
    creator text,
    born_at timestamptz,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    watch_seconds double precision,
    last_event_at timestamptz
)
language sql stable
begin atomic
select
    counted.item_id,
    item.category,
    item.creator,
    item.born_at,
    counted.views,
    counted.likes,
    counted.comments,
    counted.shares,
    counted.watch_seconds,
    counted.last_event_at
from core.item_window as counted
left join core.item as item on counted.item_id = item.item_id
where
    counted."window" = (ranking)."window"
    and (
        not only_active
        or counted.last_event_at > coalesce(
            (
                select position.since
                from core.window_position as position
                where position."window" = (ranking)."window"
            ),
            '-infinity'
        )
    )
    and ((ranking).content_type is null or item.content_type = (ranking).content_type)
    and counted.item_id not in (
        select excluded.item_id from api.exclusion_in_force as excluded
    );
end;

comment on function api.candidates(core.ranking, boolean) is
    'Items active in the ranking''s window that are not excluded, with their counts in it, likes '
    'and comments less what was taken back; unless only_active, also those that only lost some.';
grant execute on function api.candidates(core.ranking, boolean)
to groundswell_service, groundswell_read;
