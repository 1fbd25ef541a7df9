-- Note of events that came in beside the feed what the feed would have told.
-- Source: `groundswell import`. Feeds: core.item_birth, core.alert_history.
-- Keeps: in the transaction that inserts them. An item gets older, if they are its first; and what
-- moves it is history, and no news.
create function api.note_import(item_ids bigint[], first_ats timestamptz[], as_of timestamptz)
returns void
language sql volatile
begin atomic
insert into core.item_birth (item_id, first_event_at)
select
    given.item_id,
    given.first_at
from unnest(item_ids, first_ats) as given (item_id, first_at)
inner join core.item as item on given.item_id = item.item_id
where item.first_event_at > given.first_at or item.first_event_at is null;

insert into core.alert_history as known (item_id, as_of)
select
    given.item_id,
    note_import.as_of
from unnest(item_ids) as given (item_id)
where exists (
    select 1
    from core.alert_subscription as wanted
    where wanted.condition_type <> 'passes_count' and wanted.status = 'active'
)
on conflict (item_id) do update set as_of = excluded.as_of;
end;

comment on function api.note_import(bigint[], timestamptz[], timestamptz) is
    'Notes items and the first events of each that were imported.';
