-- Keep hot score, rank and badge of every active item.
-- Source: api.minmax_hot. Feeds: core.item_hot.
-- Keeps: at least one item is hot where any is active; items no longer active have no row. Badges
-- are exact, and so is all of the first 100. All scores fade and one item's rise moves every rank
-- below it, so further down a sixtieth of the rows each minute, in turn, is rewritten where a rank
-- is off by more than a hundredth or a score by more than 0.01; to 1,000 so is at once where a rank
-- is (docs/decisions/0018).
create function api.store_hot(ranking core.ranking, as_of timestamptz)
returns void
language plpgsql volatile
set jit = off
-- Planned for this ranking, so that no other window is read.
set plan_cache_mode = force_custom_plan
as $$
begin
    with option as materialized (
        select
            api.ranking_option(ranking, 'hotShare')::float8 as hot_share,
            100 as exact,
            1000 as near,
            mod(date_part('epoch', store_hot.as_of)::bigint / 60, 60) as turn
    ),

    placed as (
        select
            hot.item_id,
            hot.score,
            (row_number() over (order by hot.score desc, hot.item_id))::integer as rank,
            count(*) over () as size
        from api.minmax_hot(ranking, store_hot.as_of) as hot
    ),

    scored as materialized (
        select
            placed.item_id,
            placed.score,
            placed.rank,
            placed.rank <= ceil(placed.size * option.hot_share) as is_hot
        from placed
        cross join option
    ),

    gone as (
        delete from core.item_hot as stored
        where stored.item_id not in (select scored.item_id from scored)
    ),

    -- A rank that stays leaves the row in its page, and every index as it is: a badge that changes
    -- takes no rank with it that has not had its turn.
    due as (
        select
            scored.item_id,
            scored.score,
            scored.rank,
            scored.is_hot,
            stored.hot_rank,
            least(stored.hot_rank, scored.rank) <= option.exact
            or (
                least(stored.hot_rank, scored.rank) <= option.near
                and abs(stored.hot_rank - scored.rank) > scored.rank / 100
            )
            or (
                mod(stored.item_id, 60) = option.turn
                and (
                    abs(stored.hot_rank - scored.rank) > scored.rank / 100
                    or abs(stored.hot_score - scored.score) > 0.01
                )
            ) as is_rank_due
        from scored
        cross join option
        inner join core.item_hot as stored on scored.item_id = stored.item_id
        offset 0 -- what is due is used twice below
    ),

    moved as (
        update core.item_hot as stored
        set
            hot_score = due.score,
            hot_rank = case when due.is_rank_due then due.rank else due.hot_rank end,
            is_hot = due.is_hot
        from due
        where
            stored.item_id = due.item_id
            and (
                due.is_hot <> stored.is_hot
                or (
                    due.is_rank_due
                    and (due.rank, due.score) <> (stored.hot_rank, stored.hot_score)
                )
            )
    )

    insert into core.item_hot (item_id, hot_score, hot_rank, is_hot)
    select
        scored.item_id,
        scored.score,
        scored.rank,
        scored.is_hot
    from scored
    where scored.item_id not in (select stored.item_id from core.item_hot as stored);
end;
$$;

comment on function api.store_hot(core.ranking, timestamptz) is
    'Brings core.item_hot to the scores of ranking hot at as_of.';
