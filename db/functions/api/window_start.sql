-- The first moment of a window that ends at as_of; -infinity for all.
-- Source: core.ranking ("window"). Feeds: api.weighted_decay, api.window_counts.
create function api.window_start("window" text, as_of timestamptz)
returns timestamptz
language sql immutable parallel safe
return case "window"
    when '1h' then as_of - interval '1 hour'
    when '24h' then as_of - interval '24 hours'
    when '7d' then as_of - interval '168 hours'
    when '30d' then as_of - interval '720 hours'
    when 'all' then '-infinity'::timestamptz
end;

comment on function api.window_start(text, timestamptz) is
    'Where the window 1h, 24h, 7d, 30d or all begins that ends at as_of; null for any other.';
grant execute on function api.window_start(text, timestamptz)
to groundswell_service, groundswell_read;
