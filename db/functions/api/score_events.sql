-- Score the newest events that were inserted since the last time, and make room for the next.
-- Source: core.score_feed. Feeds: core.ranking_score, core.item_window, core.item_birth,
-- core.viewer_day, core.alert, core.user_window, core.discount.
-- Keeps: every statement sees the same snapshot, so the part of the feed that is scored is the part
-- that is deleted. Each event counts exactly once: what is left of the feed is in no sum.
create function api.score_events(
    as_of timestamptz, at_most integer default 200000, out scored bigint, out has_more boolean
)
language plpgsql volatile
set jit = off
as $$
declare
    -- All of one moment belong together, so it may be some more.
    fed_since constant timestamptz := coalesce(
        (
            select feed.occurred_at
            from core.score_feed as feed
            order by feed.occurred_at desc
            limit 1 offset at_most - 1
        ),
        '-infinity'
    );
    discounted_before bigint;
begin
    if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
        raise exception 'api.score_events needs isolation level repeatable read'
        using errcode = 'invalid_transaction_state';
    end if;
    perform api.sync_scores();
    perform api.find_births(fed_since);
    discounted_before := coalesce(
        (select max(taken.discount_id) from core.discount as taken), 0
    );
    perform api.apply_labels();
    perform api.note_discounts(fed_since);
    perform api.add_to_scores(fed_since, discounted_after => discounted_before);
    perform api.add_viewers(fed_since);
    perform api.raise_floors();
    perform api.move_windows(as_of, fed_since, at_most);
    perform api.note_history(as_of, fed_since);
    perform api.raise_count_alerts(as_of, fed_since);
    perform api.count_activity(fed_since);
    delete from core.score_feed as feed where feed.occurred_at >= fed_since;
    get diagnostics scored = row_count;
    has_more := fed_since > '-infinity' and exists (select from core.score_feed)
        or exists (
            select from core.window_position as position
            where position.since <> position.wanted_since
        );
end;
$$;

comment on function api.score_events(timestamptz, integer) is
    'Adds at most so many events of the feed to all scores and windows, each once, and moves each '
    'window by at most as many; answers how many of the feed they were, and whether more is left.';
