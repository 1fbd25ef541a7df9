-- Drop uploads that nobody has finalised in time.
-- Source: core.upload.abandoned_at. Feeds: core.upload, api.claim_removals.
-- Keeps: one that is finalised at the same moment is finalised or dropped, never both.
create function api.drop_uploads(as_of timestamptz)
returns bigint
language sql volatile
begin atomic
with dropped as (
    update core.upload as known
    set
        state = 'dropped',
        remove_at = drop_uploads.as_of
    where known.state = 'pending' and known.abandoned_at <= drop_uploads.as_of
    returning known.upload_id
)

select count(*) from dropped;
end;

comment on function api.drop_uploads(timestamptz) is
    'Drops abandoned uploads, whose objects are removed then; answers how many there were.';
