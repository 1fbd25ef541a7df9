-- Score the events inserted since the last time, and make room for the next.
-- Source: core.score_feed. Feeds: core.ranking_score, core.item_window, core.item_birth,
-- core.alert.
-- Keeps: every statement sees the same snapshot, so the feed that is scored is the feed that is
-- deleted, and a recount and the feed hold the same events. Each event counts exactly once.
create function api.score_events(as_of timestamptz)
returns bigint
language plpgsql volatile
set jit = off
as $$
declare
    scored bigint;
begin
    if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
        raise exception 'api.score_events needs isolation level repeatable read'
        using errcode = 'invalid_transaction_state';
    end if;
    perform api.find_births();
    perform api.add_to_scores();
    perform api.sync_scores();
    perform api.raise_floors();
    perform api.move_windows(as_of);
    perform api.note_history(as_of);
    perform api.raise_count_alerts(as_of);
    delete from core.score_feed;
    get diagnostics scored = row_count;
    return scored;
end;
$$;

comment on function api.score_events(timestamptz) is
    'Adds the events in the feed to all scores and windows, each once; answers how many.';
