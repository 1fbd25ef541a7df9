-- The one of five counts that a metric names.
-- Source: core.ranking (option metric). Feeds: api.top_count, api.breakout.
create function api.metric_of(
    metric text,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    watch_seconds double precision
)
returns double precision
language sql immutable parallel safe
return case metric
    when 'views' then views
    when 'likes' then likes
    when 'comments' then comments
    when 'shares' then shares
    when 'watch_seconds' then watch_seconds
end;

comment on function api.metric_of(
    text, bigint, bigint, bigint, bigint, double precision
) is 'The count that metric names: views, likes, comments, shares or watch_seconds.';
grant execute on function api.metric_of(
    text, bigint, bigint, bigint, bigint, double precision
) to groundswell_service, groundswell_read;
