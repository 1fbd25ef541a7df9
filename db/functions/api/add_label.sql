-- Label an actor or an item by hand: its events of some days count nothing in lists that fade.
-- Source: groundswell labels add, a DBA. Feeds: core.actor_label.
-- Keeps: one that is in force for any of these days is the answer, and nothing is written. It holds
-- from the next run on.
create function api.add_label(
    kind text,
    viewer bigint,
    item_id bigint,
    reason text,
    since date,
    until date,
    labelled_by text,
    as_of timestamptz
)
returns bigint
language sql volatile
begin atomic
insert into core.actor_label (
    viewer, item_id, kind, reason, since, until, labelled_by, labelled_at
)
select
    add_label.viewer & 9223372036854775807,
    add_label.item_id,
    add_label.kind,
    add_label.reason,
    add_label.since,
    coalesce(add_label.until, 'infinity'),
    add_label.labelled_by,
    add_label.as_of
where
    not exists (
        select from core.actor_label as known
        where
            (
                known.viewer = add_label.viewer & 9223372036854775807
                or known.item_id = add_label.item_id
            )
            and known.lifted_at is null
            and known.since < coalesce(add_label.until, 'infinity')
            and known.until > add_label.since
    )
on conflict do nothing;

select known.label_id
from core.actor_label as known
where
    (
        known.viewer = add_label.viewer & 9223372036854775807
        or known.item_id = add_label.item_id
    )
    and known.lifted_at is null
    and known.since < coalesce(add_label.until, 'infinity')
    and known.until > add_label.since
order by known.label_id desc
limit 1;
end;

comment on function api.add_label(
    text, bigint, bigint, text, date, date, text, timestamptz
) is
    'Labels an actor (kind user, session or address, and its viewer) or an item (kind item, and '
    'its item_id) from a day on and before another (null: for good); answers the label_id. '
    'Stable.';
grant execute on function api.add_label(
    text, bigint, bigint, text, date, date, text, timestamptz
) to groundswell_service;
