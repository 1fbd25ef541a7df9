-- The query of what categories come to in pieces of time; $1 is the edges of buckets.
-- Source: api.category_counts, api.pieces_condition. Feeds: api.engagement_sums.
-- Keeps: the same columns as api.engagement_part. `condition` is what is asked of core.item
-- (api.item_condition), here of nothing but content type and category.
create function api.category_part(
    level text, pieces tstzmultirange, split_by text, condition text
)
returns text
language sql stable
begin atomic
select format(
    $query$
    select
        width_bucket(part.bucket, $1) as place,
        null::bigint as item_id,
        %1$s as subject,
        part.entries, part.views, part.likes, part.comments, part.shares, part.watch_seconds
    from api.category_counts(%2$L, %3$L, %4$L) as part
    cross join lateral (select part.content_type, part.category) as item
    where %5$s %6$s
    $query$,
    case category_part.split_by
        when 'category' then 'part.category'
        when 'contentType' then 'part.content_type'
        else 'null::text'
    end,
    category_part.level,
    lower(category_part.pieces),
    upper(category_part.pieces),
    api.pieces_condition(category_part.pieces),
    'and ' || category_part.condition
);
end;

comment on function api.category_part(text, tstzmultirange, text, text) is
    'The sums by category that a sum over buckets needs, as SQL.';
grant execute on function api.category_part(text, tstzmultirange, text, text)
to groundswell_service, groundswell_read;
