-- Every place of every stored snapshot: what was stored as what had changed, whole again.
-- Source: core.ranking_run, core.ranking_snapshot, core.ranking_base.
-- Feeds: api.ranking_entry, api.current_ranking, api.snapshot_entries, api.store_snapshot, alerts.
-- Keeps: order, scores and components are those that the run found, to the last bit: one that fades
-- is made of its stored sums just as api.decayed_scores made it, and api.ranked orders by score;
-- where rules have changed that order, the snapshot says how. Of few tables, as what is built on it
-- has to be (api.current_ranking).
create view api.stored_place as
select
    run.run_id,
    snapshot.segment,
    listed.rank,
    case
        when snapshot.previous_ranks is null then listed.rank
        else nullif(snapshot.previous_ranks[listed.rank], 0)::integer
    end as previous_rank,
    place.subject,
    place.item_id,
    place.score,
    place.views,
    place.likes,
    place.comments,
    place.shares,
    place.components,
    case
        when snapshot.unedited is null then listed.rank else snapshot.unedited[listed.rank]
    end as unedited_rank,
    listed.rank = any(coalesce(snapshot.pinned, '{}')) as pinned,
    listed.rank = any(coalesce(snapshot.featured, '{}')) as featured
from core.ranking_run as run
inner join core.ranking_snapshot as snapshot on run.run_id = snapshot.run_id
left join core.ranking_base as base
    on snapshot.base_run_id = base.base_run_id and snapshot.segment = base.segment
cross join lateral (
    select
        array(
            select weight.value::float8
            from jsonb_array_elements_text(run.parameters -> 'weights')
                with ordinality as weight (value, number)
            order by weight.number
        ) as weights,
        date_part('epoch', (run.parameters ->> 'half_life')::interval) as half_life,
        date_part('epoch', (run.parameters ->> 'recent_half_life')::interval) as recent_half_life
    offset 0 -- evaluated once a list, not once a place
) as setting
cross join lateral (
    select
        scored.*,
        (
            row_number() over (
                order by scored.score desc, scored.item_id, scored.subject collate "C"
            )
        )::integer as rank
    from (
        select
            entry.subject,
            entry.item_id,
            entry.views,
            entry.likes,
            entry.comments,
            entry.shares,
            coalesce(
                entry.score,
                fade.slow * api.weighted_sum(
                    setting.weights, entry.components[1], entry.components[2],
                    entry.components[3], entry.components[4], entry.components[5]
                )
                + fade.fast * api.weighted_sum(
                    setting.weights, entry.components[6], entry.components[7],
                    entry.components[8], entry.components[9], entry.components[10]
                )
            ) as score,
            case
                when entry.score is not null then entry.components
                else array[
                    setting.weights[1] * fade.slow * entry.components[1],
                    setting.weights[2] * fade.slow * greatest(entry.components[2], 0),
                    setting.weights[3] * fade.slow * greatest(entry.components[3], 0),
                    setting.weights[4] * fade.slow * entry.components[4],
                    setting.weights[5] * fade.slow * entry.components[5],
                    setting.weights[1] * fade.fast * entry.components[6],
                    setting.weights[2] * fade.fast * greatest(entry.components[7], 0),
                    setting.weights[3] * fade.fast * greatest(entry.components[8], 0),
                    setting.weights[4] * fade.fast * entry.components[9],
                    setting.weights[5] * fade.fast * entry.components[10]
                ]
            end as components
        from (
            select
                held.subject,
                held.item_id,
                held.score,
                held.views,
                held.likes,
                held.comments,
                held.shares,
                held.components
            from unnest(base.entries) with ordinality as held
            where snapshot.gone is null or get_bit(snapshot.gone, held.ordinality::integer - 1) = 0
            union all
            select changed.*
            from unnest(snapshot.entries) as changed
        ) as entry
        cross join lateral (
            select
                case when entry.score is null then
                    date_part('epoch', run.as_of - to_timestamp(entry.components[11]))
                end as seconds
            offset 0 -- evaluated once a place, not once a use
        ) as age
        cross join lateral (
            select
                api.decay_factor(age.seconds, setting.half_life) as slow,
                api.decay_factor(age.seconds, setting.recent_half_life) as fast
            offset 0
        ) as fade
    ) as scored
) as place
cross join lateral (
    -- Without rules, the order is that of the scores.
    select
        case
            when snapshot.by_score is null then place.rank else snapshot.by_score[place.rank]
        end as rank
) as listed;

comment on view api.stored_place is
    'Places of all kept snapshots, by the keys of what is ranked; filter by run_id and segment.';
comment on column api.stored_place.run_id is 'core.ranking_run.';
comment on column api.stored_place.segment is 'The part ranked by itself; empty: the whole.';
comment on column api.stored_place.rank is 'Place, from 1.';
comment on column api.stored_place.previous_rank is 'Place in the run before; null if new.';
comment on column api.stored_place.subject is
    'Name of the category or creator; null where items are ranked.';
comment on column api.stored_place.item_id is 'core.item; null where items are not ranked.';
comment on column api.stored_place.score is 'Points at the moment of the run.';
comment on column api.stored_place.views is 'Views inside the window.';
comment on column api.stored_place.likes is 'Likes less unlikes inside the window.';
comment on column api.stored_place.comments is 'Comments less uncomments inside the window.';
comment on column api.stored_place.shares is 'Shares inside the window.';
comment on column api.stored_place.components is
    'What the score is made of; core.formula.component_names says what is what. Null once only '
    'one run an hour is kept.';
comment on column api.stored_place.unedited_rank is
    'Place without editorial rules; null where only a rule has listed it.';
comment on column api.stored_place.pinned is 'Whether an editor has put it at this place.';
comment on column api.stored_place.featured is 'Whether an editor has put it before others.';
grant select on api.stored_place to groundswell_service, groundswell_read;
