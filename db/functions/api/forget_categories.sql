-- Forget what categories come to in a stretch of time, of which an aggregate is made anew.
-- Source: api.refresh_level, api.settle_categories. Feeds: core.category_count.
create function api.forget_categories(level text, begins timestamptz, ends timestamptz)
returns void
language sql volatile
begin atomic
update core.category_level as known
set moments = known.moments - tstzmultirange(
    tstzrange(forget_categories.begins, forget_categories.ends)
)
where
    known.level = forget_categories.level
    and known.moments && tstzrange(forget_categories.begins, forget_categories.ends);
delete from core.category_count as counted
where
    counted.level = forget_categories.level
    and counted.bucket >= forget_categories.begins
    and counted.bucket < forget_categories.ends;
end;

comment on function api.forget_categories(text, timestamptz, timestamptz) is
    'Empties core.category_count between two moments.';
