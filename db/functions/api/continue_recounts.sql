-- Count one more slice of the events into the rankings that are counted anew.
-- Source: core.recount, core.event. Feeds: core.ranking_score, core.ranking_state.
-- Keeps: in one snapshot, which must be repeatable read, and under the lock of the scoring job. The
-- newest events come first; those that wait in the feed are left to api.score_events, which adds
-- each to the rankings that have counted its time. So each event counts once, whenever it comes.
create function api.continue_recounts(at_most integer default 200000)
returns void
language plpgsql volatile
set jit = off
as $$
declare
    until constant timestamptz := (
        select max(recount.counted_after) from core.recount as recount
    );
    since timestamptz;
begin
    if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
        raise exception 'api.continue_recounts needs isolation level repeatable read'
        using errcode = 'invalid_transaction_state';
    end if;
    since := (
        select event.occurred_at
        from core.event as event
        where event.occurred_at < until and event.occurred_at >= api.raw_since()
        order by event.occurred_at desc
        limit 1 offset at_most
    );
    since := coalesce(since, '-infinity');
    perform api.add_to_scores(since, until, recounting => true);
    update core.recount as recount
    set counted_after = since
    where recount.counted_after = until;
    perform api.finish_recounts();
end;
$$;

comment on function api.continue_recounts(integer) is
    'Counts about so many events of what core.recount asks for, and puts in use what is whole.';
