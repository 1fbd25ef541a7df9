-- Erase what the events of a stretch of time tell of a user, or of an item, with or without counts.
-- Source: POST /admin/erasures, groundswell erase. Feeds: core.event, core.user_window,
-- core.user_window_position.
-- Keeps: without `purges` every count stays; whose they were gets a hash by a salt that is
-- forgotten, as in api.forget_viewers. With the rights of its owner: the API may change no
-- event otherwise. A user's are also those of its sessions that name no user. Compressed chunks
-- too, however many rows that unpacks, so it is called chunk by chunk.
create function api.erase_events(
    since timestamptz,
    until timestamptz,
    user_id text,
    sessions text[],
    item_id bigint,
    purges boolean,
    salt bigint default null
)
returns bigint
language plpgsql volatile
security definer
set search_path = pg_catalog
set timescaledb.max_tuples_decompressed_per_dml_transaction = 0
as $$
#variable_conflict use_column
declare
    erased uuid[];
begin
    if erase_events.user_id is not null then
        -- A run that began before holds this row: it is waited for, or fails for once.
        update core.activity_policy set readers = readers where readers <> 'nobody';
        delete from core.user_window as known where known.user_id = erase_events.user_id;
        update core.score_feed as feed
        set user_id = null
        where feed.user_id = erase_events.user_id;
    end if;
    select array_agg(event.event_id) into erased
    from core.event as event
    where
        event.occurred_at >= erase_events.since
        and event.occurred_at < erase_events.until
        and (
            event.user_id = erase_events.user_id
            or (event.user_id is null and event.session_id = any(erase_events.sessions))
            or event.item_id = erase_events.item_id
        );
    if erased is null then
        return 0;
    end if;
    -- The checksum was made of the user and the item, too.
    update core.claimed_id as claimed set fingerprint = 0 where claimed.event_id = any(erased);
    if erase_events.purges then
        -- What others did with the item is gone: the next run counts anew who did how much.
        delete from core.user_window_position;
        delete from core.event as event
        where
            event.occurred_at >= erase_events.since
            and event.occurred_at < erase_events.until
            and event.event_id = any(erased);
    else
        update core.event as event
        set
            user_id = case when erase_events.item_id is not null then event.user_id end,
            session_id = case when erase_events.item_id is not null then event.session_id end,
            viewer = case
                when erase_events.item_id is not null then event.viewer
                else
                    hashtextextended((event.viewer & 9223372036854775807)::text, salt)
                    & 9223372036854775807
            end,
            metadata = null
        where
            event.occurred_at >= erase_events.since
            and event.occurred_at < erase_events.until
            and event.event_id = any(erased);
    end if;
    return cardinality(erased);
end;
$$;

comment on function api.erase_events(
    timestamptz, timestamptz, text, text[], bigint, boolean, bigint
) is
    'Takes user, session and metadata from a user''s events (metadata alone from an item''s), or '
    'deletes the events; answers how many they were.';
revoke execute on function api.erase_events(
    timestamptz, timestamptz, text, text[], bigint, boolean, bigint
) from public;
grant execute on function api.erase_events(
    timestamptz, timestamptz, text, text[], bigint, boolean, bigint
) to groundswell_service;
