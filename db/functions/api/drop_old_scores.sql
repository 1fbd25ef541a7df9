-- Take away sums that no ranking uses any more, some at a time.
-- Source: core.ranking_score, core.ranking_state, core.recount. Feeds: core.ranking_score.
create function api.drop_old_scores(at_most integer default 50000)
returns bigint
language plpgsql volatile
as $$
declare
    old integer;
    dropped bigint;
begin
    with recursive stored (score_set) as (
        select min(first.score_set) from core.ranking_score as first
        union all
        select (
            select min(following.score_set)
            from core.ranking_score as following
            where following.score_set > stored.score_set
        )
        from stored
        where stored.score_set is not null
    )

    select stored.score_set into old
    from stored
    where
        stored.score_set is not null
        and not exists (
            select from core.ranking_state as state where state.score_set = stored.score_set
        )
        and not exists (
            select from core.recount as recount where recount.score_set = stored.score_set
        )
    limit 1;
    if old is null then
        return 0;
    end if;
    delete from core.ranking_score as score
    where
        score.ctid = any(array(
            select part.ctid
            from core.ranking_score as part
            where part.score_set = old
            limit at_most
        ));
    get diagnostics dropped = row_count;
    return dropped;
end;
$$;

comment on function api.drop_old_scores(integer) is
    'Deletes at most so many sums of a set that is in use no more; answers how many.';
