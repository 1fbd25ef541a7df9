-- The condition that a bucket begins in some stretches of time, as SQL.
-- Source: the stretches. Feeds: api.engagement_part, api.category_part.
create function api.pieces_condition(pieces tstzmultirange)
returns text
language sql immutable
begin atomic
select format(
    'part.bucket >= %L and part.bucket < %L %s',
    lower(pieces_condition.pieces),
    upper(pieces_condition.pieces),
    -- Of several pieces, as TimescaleDB knows no multiranges: after an odd number of ends.
    case
        when pieces_condition.pieces <> tstzmultirange(range_merge(pieces_condition.pieces))
            then format(
                'and width_bucket(part.bucket, %L::timestamptz []) %% 2 = 1',
                array(
                    select piece_end.moment
                    from unnest(pieces_condition.pieces) as piece
                    cross join lateral (
                        values (lower(piece)), (upper(piece))
                    ) as piece_end (moment)
                    order by piece_end.moment
                )
            )
    end
);
end;

comment on function api.pieces_condition(tstzmultirange) is
    'What is asked of part.bucket, so that chunks outside are not read.';
grant execute on function api.pieces_condition(tstzmultirange)
to groundswell_service, groundswell_read;
