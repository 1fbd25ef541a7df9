-- Compute one ranking and store what came out as a new immutable snapshot.
-- Source: api.edited, core.item_window, core.ranking_score, api.newest_run.
-- Feeds: core.ranking_run, api.store_snapshot, api.raise_alerts, core.editorial_review.
-- Keeps: where order and counts are those of the run before, and the same items are excluded,
-- nothing is stored but that they still hold: an idle ranking costs almost nothing. Counts shown
-- are at least 0.
create function api.run_ranking(ranking core.ranking, as_of timestamptz)
returns integer
language plpgsql volatile
set jit = off
as $$
declare
    previous core.ranking_run;
    fresh core.ranking_snapshot [];
    print text;
    new_run_id bigint;
begin
    select run.* into previous
    from api.newest_run as run
    where run.ranking_id = ranking.ranking_id;

    with listed as materialized (
        select place.* from api.edited(ranking, run_ranking.as_of) as place
    ),

    -- Who came within a top that is held, once: they wait for review.
    held as (
        insert into core.editorial_review (ranking_id, item_id, place, held_at)
        select
            ranking.ranking_id,
            place.item_id,
            place.unedited_rank,
            run_ranking.as_of
        from listed as place
        where place.mark = 'held'
        on conflict (ranking_id, item_id) do nothing
    ),

    named as (
        select
            case ranking.subject when 'category' then item.category else item.creator end
                as subject,
            sum(counted.views) as views,
            sum(counted.likes) as likes,
            sum(counted.comments) as comments,
            sum(counted.shares) as shares
        from core.item_window as counted
        inner join core.item as item on counted.item_id = item.item_id
        where
            ranking.subject <> 'item'
            and counted."window" = ranking."window"
            and (ranking.content_type is null or item.content_type = ranking.content_type)
            and counted.item_id not in (
                select excluded.item_id from api.exclusion_in_force as excluded
            )
        group by 1
    ),

    entry as (
        select
            placed.segment,
            placed.rank,
            placed.item_id,
            placed.score,
            placed.unedited_rank,
            placed.mark,
            row_number() over (
                partition by placed.segment
                order by placed.score desc, placed.item_id, placed.subject collate "C"
            ) as place_by_score,
            (
                placed.subject,
                placed.item_id,
                -- What fades is stored as what it is made of, which does not (core.ranking_entry).
                -- What is listed by a rule alone has no score to be made of anything.
                case
                    when sums.item_id is null or placed.components is null then placed.score
                end,
                coalesce(counted.views, named.views, 0),
                greatest(counted.likes, named.likes, 0),
                greatest(counted.comments, named.comments, 0),
                coalesce(counted.shares, named.shares, 0),
                case
                    when sums.item_id is null or placed.components is null then placed.components
                    else array[
                        sums.views, sums.likes, sums.comments, sums.shares, sums.watch_minutes,
                        sums.recent_views, sums.recent_likes, sums.recent_comments,
                        sums.recent_shares, sums.recent_watch_minutes,
                        date_part('epoch', sums.decayed_to)
                    ]
                end
            )::core.ranking_entry as place
        from listed as placed
        left join core.ranking_score as sums
            on
                ranking.formula = 'weighted_decay'
                and sums.score_set = (
                    select state.score_set
                    from core.ranking_state as state
                    where state.ranking_id = ranking.ranking_id
                )
                and placed.item_id = sums.item_id
        left join core.item_window as counted
            on placed.item_id = counted.item_id and counted."window" = ranking."window"
        left join named on placed.subject = named.subject
        where placed.rank is not null
    ),

    snapshot as (
        select
            entry.segment,
            array_agg(entry.place order by entry.rank) as entries,
            array_agg(entry.item_id order by entry.rank) as item_ids,
            array_agg(entry.score order by entry.rank) as scores,
            case
                when bool_or(entry.unedited_rank is distinct from entry.rank)
                    then array_agg(entry.unedited_rank order by entry.rank)
            end as unedited,
            case
                when not bool_and(entry.rank = entry.place_by_score) then array_agg(
                    entry.rank order by entry.place_by_score
                )
            end as by_score,
            array_agg(entry.rank order by entry.rank)
            filter (where entry.mark = 'pinned') as pinned,
            array_agg(entry.rank order by entry.rank)
            filter (where entry.mark = 'featured') as featured
        from entry
        group by entry.segment
        union all
        select '', '{}', null, null, null, null, null, null
        where not exists (select 1 from entry where entry.segment = '')
    )

    select
        array_agg(
            (
                null, snapshot.segment, snapshot.entries, null, null, 0, null,
                case
                    when snapshot.segment = '' and ranking.subject = 'item' then snapshot.item_ids
                end,
                case
                    when snapshot.segment = '' and ranking.subject = 'item' then snapshot.scores
                end,
                snapshot.unedited, snapshot.by_score, snapshot.pinned, snapshot.featured
            )::core.ranking_snapshot
        ),
        md5(
            string_agg(
                snapshot.segment || (
                    select coalesce(string_agg(
                        concat_ws(
                            ',', place.item_id, place.subject, place.views, place.likes,
                            place.comments, place.shares
                        ), ';' order by place.ordinality
                    ), '')
                    from unnest(snapshot.entries) with ordinality as place
                ), '|' order by snapshot.segment
            )
            -- Who is left out changes the scores of others (minmax_hot, breakout), though not
            -- always their order.
            || (
                select coalesce(
                    string_agg(excluded.item_id::text, ',' order by excluded.item_id), ''
                )
                from api.exclusion_in_force as excluded
            )
            -- Labels change scores, and no count.
            || case
                when ranking.formula = 'weighted_decay' then (
                    select label_change.last_value::text from core.label_change
                )
                else ''
            end
        )
    into fresh, print
    from snapshot;

    if ranking.name = 'hot' then
        -- Of every active item, so also where the list is as it was.
        perform api.store_hot(ranking, as_of);
    end if;

    if previous.print = print and previous.parameters = api.ranking_parameters(ranking, as_of)
    then
        update core.ranking_run as run
        set confirmed_at = run_ranking.as_of
        where run.run_id = previous.run_id and run.confirmed_at < run_ranking.as_of;
        perform api.raise_alerts(ranking, null);
        return 0;
    end if;

    insert into core.ranking_run as run
    (ranking_id, as_of, confirmed_at, finished_at, parameters, print)
    values (
        ranking.ranking_id,
        as_of,
        as_of,
        clock_timestamp(),
        api.ranking_parameters(ranking, as_of),
        print
    )
    returning run.run_id into new_run_id;
    perform api.store_snapshot(new_run_id, previous.run_id, fresh);
    perform api.raise_alerts(ranking, new_run_id);
    return 1;
end;
$$;

comment on function api.run_ranking(core.ranking, timestamptz) is
    'Stores a new run of one ranking and answers 1, or confirms the last one and answers 0.';
