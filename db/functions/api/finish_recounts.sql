-- Put the sums in use that have been counted to the end.
-- Source: core.recount. Feeds: core.ranking_state, core.ranking_score.
-- Keeps: only api.sync_scores and api.continue_recounts may call it. The sums before are left
-- behind, for api.drop_old_scores.
create function api.finish_recounts()
returns void
language plpgsql volatile
as $$
declare
    finished core.recount;
    ranking core.ranking;
begin
    for finished in
        delete from core.recount as recount
        where recount.counted_after = '-infinity'
        returning recount.*
    loop
        select r.* into ranking from core.ranking as r where r.ranking_id = finished.ranking_id;
        insert into core.ranking_state as state (
            ranking_id, checked_at, half_life, recent_half_life, content_type, discount, weights,
            score_set
        )
        values (
            finished.ranking_id, '-infinity', finished.half_life, finished.recent_half_life,
            finished.content_type, finished.discount, api.ranking_weights(ranking),
            finished.score_set
        )
        on conflict (ranking_id) do update set
            half_life = excluded.half_life,
            recent_half_life = excluded.recent_half_life,
            content_type = excluded.content_type,
            discount = excluded.discount,
            weights = excluded.weights,
            score_set = excluded.score_set;
        perform api.bound_scores(api.ranking_in_force(ranking));
    end loop;
end;
$$;

comment on function api.finish_recounts() is
    'Makes the sums of each finished recount those of its ranking.';
