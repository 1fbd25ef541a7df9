-- Whether a number fits one cron field: lists of *, numbers and ranges, each with an optional step.
-- Source: crontab(5). Feeds: api.ranking_due.
create function api.cron_field_matches(field text, value integer, smallest integer)
returns boolean
language sql immutable parallel safe
begin atomic
select bool_or(
    value between coalesce(part.low, smallest) and coalesce(part.high, part.low, 2147483647)
    and (value - coalesce(part.low, smallest)) % part.step = 0
)
from (
    select
        (piece.match)[2]::integer as low,
        case
            when (piece.match)[3] is not null then (piece.match)[3]::integer
            -- "5/10" means from 5 on, every 10.
            when (piece.match)[2] is not null and (piece.match)[4] is null
                then (piece.match)[2]::integer
            else 2147483647
        end as high,
        greatest(coalesce((piece.match)[4]::integer, 1), 1) as step
    from (
        select regexp_match(list.item, '^(\*|(\d+)(?:-(\d+))?)(?:/(\d+))?$') as match
        from unnest(string_to_array(field, ',')) as list (item)
    ) as piece
) as part;
end;

comment on function api.cron_field_matches(text, integer, integer) is
    'True if value fits the field; smallest is where * begins.';
grant execute on function api.cron_field_matches(text, integer, integer)
to groundswell_service, groundswell_read;
