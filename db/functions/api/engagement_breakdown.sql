-- What the counts of a period are made of: by item, category, content type, creator or dimension.
-- Source: api.engagement_sums. Feeds: GET /analytics/breakdown.
-- Keeps: highest first by the metric, equal ones by item_id or name (in order of code points, none
-- last), so that a page goes on exactly after the place it is given. total is of all groups, those
-- of other pages too. Groups without an event in the period are not there.
create function api.engagement_breakdown(
    period timestamptz[],
    compared timestamptz[],
    wanted jsonb,
    split_by text,
    metric text,
    after_value double precision,
    after_item bigint,
    after_subject text,
    most integer
)
returns table (
    item_id bigint,
    subject text,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    watch_seconds double precision,
    value double precision,
    previous double precision,
    total double precision
)
language sql stable
set jit = off
begin atomic
with measured as materialized (
    select
        sums.*,
        api.metric_of(
            engagement_breakdown.metric, sums.views, sums.likes, sums.comments, sums.shares,
            sums.watch_seconds
        ) as value
    from api.engagement_sums(
        engagement_breakdown.period, engagement_breakdown.wanted, engagement_breakdown.split_by
    ) as sums
),

page as materialized (
    select measured.*
    from measured
    where
        engagement_breakdown.after_value is null
        or measured.value < engagement_breakdown.after_value
        or (
            measured.value = engagement_breakdown.after_value
            and (
                measured.item_id > engagement_breakdown.after_item
                or measured.subject collate "C" > engagement_breakdown.after_subject
                or (
                    measured.item_id is null
                    and measured.subject is null
                    and engagement_breakdown.after_subject is not null
                )
            )
        )
    order by measured.value desc, measured.item_id asc, measured.subject collate "C" asc
    limit engagement_breakdown.most
),

earlier as materialized (
    select
        sums.item_id,
        sums.subject,
        api.metric_of(
            engagement_breakdown.metric, sums.views, sums.likes, sums.comments, sums.shares,
            sums.watch_seconds
        ) as value
    from (select 1
where cardinality(engagement_breakdown.compared) > 1) as asked
    cross join lateral api.engagement_sums(
        engagement_breakdown.compared,
        engagement_breakdown.wanted || case engagement_breakdown.split_by
            when 'item' then jsonb_build_object(
                'item',
                jsonb_build_object(
                    'in',
                    (select coalesce(jsonb_agg(page.item_id), '[]') from page)
                )
            )
            else '{}'
        end,
        engagement_breakdown.split_by
    ) as sums
)

select
    page.item_id,
    page.subject,
    page.views,
    page.likes,
    page.comments,
    page.shares,
    page.watch_seconds,
    page.value,
    case
        when cardinality(engagement_breakdown.compared) > 1 then coalesce(earlier.value, 0)
    end,
    (select sum(measured.value) from measured)
from page
left join earlier
    on
        page.item_id is not distinct from earlier.item_id
        and page.subject is not distinct from earlier.subject
order by page.value desc, page.item_id asc, page.subject collate "C" asc;
end;

comment on function api.engagement_breakdown(
    timestamptz[], timestamptz[], jsonb, text, text, double precision, bigint, text, integer
) is
    'Groups of a period by a metric, with what each was in the period it is compared with '
    '(null: with none), and all groups'' total. '
    'Stable.';
grant execute on function api.engagement_breakdown(
    timestamptz[], timestamptz[], jsonb, text, text, double precision, bigint, text, integer
) to groundswell_service, groundswell_read;
