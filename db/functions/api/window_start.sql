-- The first moment of a window that ends at as_of; -infinity for all.
-- Source: core.time_window. Feeds: api.move_windows, api.decayed_scores.
create function api.window_start("window" text, as_of timestamptz)
returns timestamptz
language sql stable parallel safe
return (
    select coalesce(window_start.as_of - known.length, '-infinity')
    from core.time_window as known
    where known.name = window_start."window" and known.calendar_unit is null
);

comment on function api.window_start(text, timestamptz) is
    'Where a window begins that moves on steadily and ends at as_of; null for any other.';
grant execute on function api.window_start(text, timestamptz)
to groundswell_service, groundswell_read;
