-- migrate:up
-- Why an event is kept but not counted. Source: the API and the writer (app/ingest).
-- Feeds: a DBA who looks at what was left out, and takes it back.

alter table core.event add column uncounted_because text;

comment on column core.event.uncounted_because is
    'Why it came in uncounted: "bot" and the pattern it matched, or "repeat" of a view by the '
    'same viewer; null where it counted. Stays when a DBA counts it after all.';

-- migrate:down
-- squawk-ignore ban-drop-column
alter table core.event drop column uncounted_because;
