-- Store the lists of a run as what differs from those that were last stored whole.
-- Source: core.ranking_snapshot and api.stored_place of the run before. Feeds: core.ranking_base,
-- core.ranking_snapshot.
-- Keeps: what is read back is what was found. Once all that was stored beside a base is as much as
-- the list, the list is stored whole: that costs twice the least at most, however fast it changes.
-- Lists are held against their base, never against each other, so any of them can go.
create function api.store_snapshot(
    new_run_id bigint, previous_run_id bigint, lists core.ranking_snapshot[]
)
returns void
language plpgsql volatile
set jit = off
as $$
begin
    with list as materialized (
        select * from unnest(lists)
    ),

    -- What is ranked is an item or has a name. One key of both can be hashed.
    fresh as materialized (
        select
            list.segment,
            concat(entry.item_id, ':', entry.subject) as key,
            entry.ordinality as rank,
            (
                entry.subject, entry.item_id, entry.score, entry.views, entry.likes,
                entry.comments, entry.shares, entry.components
            )::core.ranking_entry as place
        from list
        cross join lateral unnest(list.entries) with ordinality as entry
    ),

    before as materialized (
        select
            place.segment,
            concat(place.item_id, ':', place.subject) as key,
            place.rank
        from api.stored_place as place
        where place.run_id = previous_run_id
    ),

    based as materialized (
        select
            base.segment,
            base.base_run_id,
            snapshot.written,
            concat(entry.item_id, ':', entry.subject) as key,
            entry.ordinality as number,
            (
                entry.subject, entry.item_id, entry.score, entry.views, entry.likes,
                entry.comments, entry.shares, entry.components
            )::core.ranking_entry as place
        from core.ranking_snapshot as snapshot
        inner join core.ranking_base as base
            on snapshot.base_run_id = base.base_run_id and snapshot.segment = base.segment
        cross join lateral unnest(base.entries) with ordinality as entry
        where snapshot.run_id = previous_run_id
    ),

    kept as (
        select
            based.segment,
            based.base_run_id,
            based.written,
            string_agg(
                case when fresh.key is null then '1' else '0' end, '' order by based.number
            )::bit varying as gone
        from based
        left join fresh
            on
                based.segment = fresh.segment
                and based.key = fresh.key
                and based.place = fresh.place
        group by based.segment, based.base_run_id, based.written
    ),

    compared as (
        select
            fresh.segment,
            array_agg(coalesce(before.rank, 0) order by fresh.rank)::smallint [] as previous_ranks,
            coalesce(bool_and(before.rank = fresh.rank), false) as is_in_order,
            coalesce(
                array_agg(fresh.place order by fresh.rank) filter (where based.key is null), '{}'
            ) as changed
        from fresh
        left join before on fresh.segment = before.segment and fresh.key = before.key
        left join based
            on
                fresh.segment = based.segment
                and fresh.key = based.key
                and fresh.place = based.place
        group by fresh.segment
    ),

    decided as materialized (
        select
            list.segment,
            list.entries,
            list.item_ids,
            list.scores,
            list.unedited,
            list.by_score,
            list.pinned,
            list.featured,
            compared.previous_ranks,
            compared.is_in_order,
            coalesce(compared.changed, '{}') as changed,
            kept.base_run_id,
            kept.gone,
            kept.written + coalesce(cardinality(compared.changed), 0) as written,
            coalesce(
                kept.written + coalesce(cardinality(compared.changed), 0)
                < cardinality(list.entries),
                false
            ) as is_kept
        from list
        left join compared on list.segment = compared.segment
        left join kept on list.segment = kept.segment
    ),

    whole as (
        insert into core.ranking_base (base_run_id, segment, entries)
        select
            new_run_id,
            decided.segment,
            decided.entries
        from decided
        where not decided.is_kept and decided.entries <> '{}'
    )

    insert into core.ranking_snapshot (
        run_id, segment, entries, base_run_id, gone, written, previous_ranks, item_ids, scores,
        unedited, by_score, pinned, featured
    )
    select
        new_run_id,
        decided.segment,
        case when decided.is_kept then decided.changed else '{}' end,
        case
            when decided.is_kept then decided.base_run_id
            when decided.entries <> '{}' then new_run_id
        end,
        case when decided.is_kept and position(b'1' in decided.gone) > 0 then decided.gone end,
        case when decided.is_kept then decided.written else 0 end,
        case when not decided.is_in_order then decided.previous_ranks end,
        decided.item_ids,
        decided.scores,
        decided.unedited,
        decided.by_score,
        decided.pinned,
        decided.featured
    from decided;
end;
$$;

comment on function api.store_snapshot(bigint, bigint, core.ranking_snapshot[]) is
    'Stores the lists of a new run, held against those of the run before.';
