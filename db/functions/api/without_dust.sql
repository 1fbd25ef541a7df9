-- A faded sum, or 0 where too little is left of it to matter.
-- Source: core.ranking_score. Feeds: api.add_to_scores.
-- Keeps: what is stored is 0 or at least 1e-130, and api.decay is 0 or at least 1e-147, so that
-- their product never is an underflow, which PostgreSQL raises as an error.
create function api.without_dust(sum double precision)
returns double precision
language sql immutable parallel safe
return case when abs(sum) < 1e-130 then 0 else sum end;

comment on function api.without_dust(double precision) is 'The sum, or 0 below 1e-130.';
