-- Raise the alerts of one ranking: what has entered a top, or broken out, since the run before.
-- Source: core.alert_subscription, core.ranking_snapshot. Feeds: core.alert, core.alert_outbox.
-- Keeps: in the transaction that stores the snapshot, so a crossing is raised once or was not
-- stored either. The first run of a ranking and the first one under changed settings are a new
-- beginning and raise none. Looks at two snapshots at most, and at none without a subscription. Its
-- own failure goes to the ledger and fails nothing else.
create function api.raise_alerts(
    ranking core.ranking, previous core.ranking_run, run_id bigint, as_of timestamptz
)
returns void
language plpgsql volatile
set jit = off
as $$
declare
    is_wanted constant boolean := exists (
        select 1
        from core.alert_subscription as wanted
        where
            wanted.ranking_id = ranking.ranking_id
            and wanted.condition_type <> 'passes_count'
            and wanted.status = 'active'
    );
    raised bigint;
begin
    if not is_wanted or previous.parameters is distinct from api.ranking_parameters(ranking) then
        return;
    end if;

    begin
        with wanted as materialized (
            select subscription.*
            from core.alert_subscription as subscription
            left join core.api_key as owner on subscription.owner_key_id = owner.key_id
            where
                subscription.ranking_id = ranking.ranking_id
                and subscription.condition_type <> 'passes_count'
                and subscription.status = 'active'
                and owner.revoked_at is null
        ),

        place as materialized (
            select
                entry.ordinality::integer as rank,
                entry.subject,
                entry.item_id,
                entry.previous_rank,
                entry.score
            from core.ranking_snapshot as snapshot
            cross join lateral unnest(snapshot.entries) with ordinality as entry
            where snapshot.run_id = raise_alerts.run_id and snapshot.segment = ''
        ),

        before as materialized (
            select
                entry.ordinality::integer as rank,
                entry.score
            from core.ranking_snapshot as snapshot
            cross join lateral unnest(snapshot.entries) with ordinality as entry
            where
                snapshot.run_id = previous.run_id
                and snapshot.segment = ''
                and ranking.formula = 'breakout'
        )

        select api.store_alerts(
            array_agg(
                (
                    null, wanted.subscription_id, wanted.condition_type, raise_alerts.as_of,
                    raise_alerts.run_id, place.item_id, place.subject, place.rank, place.previous_rank,
                    place.score, null
                )::core.alert
                order by wanted.subscription_id, place.rank
            )
        ) into raised
        from wanted
        inner join place
            on
                (wanted.item_id is null or wanted.item_id = place.item_id)
                and (wanted.subject is null or wanted.subject = place.subject)
        left join before on place.previous_rank = before.rank
        where
            case wanted.condition_type
                when 'enters_top' then
                    place.rank <= wanted.top_n
                    and (place.previous_rank is null or place.previous_rank > wanted.top_n)
                when 'breaks_out' then
                    place.score >= wanted.min_score
                    and (before.score is null or before.score < wanted.min_score)
            end;
        perform api.note_alerts(raised, null);
    exception when others then
        perform api.note_alerts(0, format('%s: %s', ranking.name, sqlerrm));
    end;
end;
$$;

comment on function api.raise_alerts(core.ranking, core.ranking_run, bigint, timestamptz) is
    'Raises the alerts about a run that was just stored, held against the run before.';
