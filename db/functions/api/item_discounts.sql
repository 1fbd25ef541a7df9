-- What of an item's counts lists that fade leave out, and why.
-- Source: core.discount, core.actor_label. Feeds: DBAs who explain a score.
-- Keeps: beside raw counts, which have it all: their difference is what counts. Names nobody.
create function api.item_discounts(content_type text, external_id text)
returns table (
    reason text,
    actors bigint,
    views double precision,
    likes double precision,
    comments double precision,
    shares double precision,
    watch_seconds double precision
)
language sql stable
begin atomic
select
    part.reason,
    count(*),
    sum(part.views),
    sum(part.likes),
    sum(part.comments),
    sum(part.shares),
    sum(part.watch_seconds)
from (
    select
        coalesce(held.reason, 'repeated') as reason,
        sum(taken.views) as views,
        sum(taken.likes) as likes,
        sum(taken.comments) as comments,
        sum(taken.shares) as shares,
        sum(taken.watch_seconds) as watch_seconds
    from core.item as item
    inner join core.discount as taken on item.item_id = taken.item_id
    left join lateral (
        select label.reason
        from core.actor_label as label
        inner join core.applied_label as applied on label.label_id = applied.label_id
        where
            (label.viewer = taken.viewer or label.item_id = taken.item_id)
            and label.since <= (taken.at at time zone 'UTC')::date
            and label.until > (taken.at at time zone 'UTC')::date
        order by label.label_id
        limit 1
    ) as held on true
    where
        item.content_type = item_discounts.content_type
        and item.external_id = item_discounts.external_id
    group by taken.viewer, coalesce(held.reason, 'repeated')
) as part
-- What a lifted label has given back is nobody's.
where
    abs(part.views) + abs(part.likes) + abs(part.comments) + abs(part.shares)
    + abs(part.watch_seconds) > 0.000001
group by part.reason;
end;

comment on function api.item_discounts(text, text) is
    'Counts of an item that its place in lists that fade does not rest on: a row for what is '
    'repeated and for each reason of labels, with how many actors they are of. '
    'Stable.';
grant execute on function api.item_discounts(text, text) to groundswell_service;
