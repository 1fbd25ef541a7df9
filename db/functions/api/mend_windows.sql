-- Add what is missing in the counts of windows.
-- Source: api.drifted_windows. Feeds: core.item_window.
-- Keeps: only under the lock of the scoring job. What was added since the look stays. Where all
-- that a row held has left since, because its window moved on, its error may have gone with it:
-- that takes another look, and so does what else is not known, as in api.mend_scores. Nothing is
-- added to a window that has begun anew since: it has counted all it has from the events.
create function api.mend_windows(drifts core.window_drift[])
returns bigint
language plpgsql volatile
set jit = off
as $$
declare
    unsure bigint;
begin
    with found as materialized (
        select
            drift.is_gone and is_unchanged as is_gone,
            (drift.correction).*,
            not is_unchanged
            and (
                has_left
                or (drift.correction).last_event_at < (drift.stored).last_event_at
                or (drift.correction).last_taken_at < (drift.stored).last_taken_at
            ) as is_unsure,
            not is_unchanged and has_left as is_left_alone,
            case
                when is_unchanged then (drift.correction).last_event_at
                else greatest((drift.correction).last_event_at, now.last_event_at)
            end as newest_event_at,
            case
                when is_unchanged then (drift.correction).last_taken_at
                else greatest((drift.correction).last_taken_at, now.last_taken_at)
            end as newest_taken_at
        from unnest(drifts) as drift
        inner join core.window_position as position
            on
                (drift.correction)."window" = position."window"
                and drift.begun = position.begun
        left join core.item_window as now
            on
                (drift.correction)."window" = now."window"
                and (drift.correction).item_id = now.item_id
        cross join lateral (
            select
                now is not distinct from drift.stored as is_unchanged,
                greatest((drift.stored).last_event_at, (drift.stored).last_taken_at)
                <= position.since as has_left
        ) as since
        where
            now.item_id is not null
            or (
                (drift.stored).item_id is null
                and greatest(
                    (drift.correction).last_event_at, (drift.correction).last_taken_at
                ) > position.since
            )
    ),

    gone as (
        delete from core.item_window as stored
        using found
        where
            stored."window" = found."window"
            and stored.item_id = found.item_id
            and found.is_gone
    ),

    mended as (
        insert into core.item_window as stored (
            "window", item_id, views, likes, comments, shares, watch_seconds, last_event_at,
            unlikes, uncomments, last_taken_at
        )
        select
            found."window",
            found.item_id,
            found.views,
            found.likes,
            found.comments,
            found.shares,
            found.watch_seconds,
            found.newest_event_at,
            found.unlikes,
            found.uncomments,
            found.newest_taken_at
        from found
        where not found.is_gone and not found.is_left_alone
        on conflict on constraint item_window_one_per_item do update set
            views = stored.views + excluded.views,
            likes = stored.likes + excluded.likes,
            comments = stored.comments + excluded.comments,
            shares = stored.shares + excluded.shares,
            watch_seconds = stored.watch_seconds + excluded.watch_seconds,
            last_event_at = excluded.last_event_at,
            unlikes = stored.unlikes + excluded.unlikes,
            uncomments = stored.uncomments + excluded.uncomments,
            last_taken_at = excluded.last_taken_at
    )

    select
        (select count(*) from found where found.is_unsure)
        + (
            select count(*)
            from unnest(drifts) as drift
            inner join core.window_position as position
                on
                    (drift.correction)."window" = position."window"
                    and drift.begun <> position.begun
        )
    into unsure;
    return unsure;
end;
$$;

comment on function api.mend_windows(core.window_drift[]) is
    'Corrects some counts of windows; answers how many need another look.';
