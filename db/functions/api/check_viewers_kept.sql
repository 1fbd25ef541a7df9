-- Raise check_violation for unique viewers of a moment whose day is kept no more.
-- Source: core.viewer_position. Feeds: api.unique_viewers, api.unique_viewers_by.
create function api.check_viewers_kept(since timestamptz)
returns void
language plpgsql stable
as $$
declare
    kept_since date;
begin
    select position.kept_since into kept_since from core.viewer_position as position;
    if (since at time zone 'UTC')::date < kept_since then
        raise exception using
            errcode = 'check_violation',
            message = format(
                'from: uniqueViewers are kept from %sT00:00:00Z on: begin then or later', kept_since
            );
    end if;
end;
$$;

comment on function api.check_viewers_kept(timestamptz) is
    'Refuses what is older than the days that core.viewer_day has all of.';
grant execute on function api.check_viewers_kept(timestamptz) to groundswell_service;
