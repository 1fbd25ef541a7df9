-- Discount all scored events of actors that were labelled, and give back those of lifted labels.
-- Source: core.actor_label. Feeds: core.discount, core.applied_label.
-- Keeps: only api.score_events may call it, before api.note_discounts, which does so with what
-- waits in the feed: that is left out here. Costs a look at the events since the labels' first day,
-- and rows for those of their actors and items.
create function api.apply_labels()
returns void
language plpgsql volatile
set jit = off
as $$
declare
    todo bigint[] := array(
        select label.label_id
        from core.actor_label as label
        where
            label.lifted_at is null
            and not exists (
                select from core.applied_label as applied
                where applied.label_id = label.label_id
            )
        union all
        select label.label_id
        from core.applied_label as applied
        inner join core.actor_label as label on applied.label_id = label.label_id
        where label.lifted_at is not null
    );
    scope record;
begin
    if todo = '{}' then
        return;
    end if;
    perform nextval('core.label_change');
    for scope in
        select
            array_agg(label.viewer) filter (where label.viewer is not null) as viewers,
            array_agg(label.item_id) filter (where label.item_id is not null) as items,
            label.since,
            label.until
        from core.actor_label as label
        where label.label_id = any(todo)
        group by label.since, label.until
    loop
        perform api.renew_discounts(
            scope.since, scope.until, coalesce(scope.viewers, '{}'), coalesce(scope.items, '{}')
        );
    end loop;
    delete from core.applied_label as applied where applied.label_id = any(todo);
    insert into core.applied_label (label_id)
    select label.label_id
    from core.actor_label as label
    where label.label_id = any(todo) and label.lifted_at is null;
end;
$$;

comment on function api.apply_labels() is
    'Brings core.discount in line with core.actor_label for the events that are scored.';
