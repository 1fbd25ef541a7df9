-- The epoch that this server is in: a promotion or a restore raises it.
-- Source: core.lineage. Feeds: each connection of the pool, publishers, reads on replicas.
-- Keeps: on a primary the answer is of its own line of history, however lately it was promoted: who
-- asks first raises the epoch. On a standby it is what was replayed, so one that follows a server
-- which was deposed never has the epoch of the one that took over. With the rights of its owner.
create function api.epoch()
returns bigint
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
begin
    if not pg_is_in_recovery() then
        perform api.skip_used_ids();
    end if;
    return (select lineage.epoch from core.lineage as lineage);
end;
$$;

comment on function api.epoch() is
    'Which epoch this server is in: each promotion and each restore raises it, so what is of a '
    'lower one is of a server that was deposed.';
revoke execute on function api.epoch() from public;
grant execute on function api.epoch() to groundswell_service;
