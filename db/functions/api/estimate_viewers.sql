-- How many viewers registers of HyperLogLog stand for.
-- Source: how many of the 8,192 registers have which rank; the rest has none.
-- Feeds: api.count_viewers.
-- Keeps: the improved raw estimator of Ertl (New cardinality estimation algorithms for HyperLogLog
-- sketches, 2017, algorithm 6): no bias over the whole range and no tables; its standard error is
-- 1.04 / sqrt(8192), 1.15 %.
create function api.estimate_viewers(ranks bigint[], registers bigint[])
returns bigint
language plpgsql immutable strict parallel safe
as $$
declare
    size constant double precision := 8192;
    counts double precision[] := array_fill(0::double precision, array[52]);
    place bigint;
    x double precision;
    y double precision := 1;
    z double precision := 0;
    before double precision := -1;
    free double precision := size;
begin
    for place in 1..cardinality(ranks) loop
        counts[ranks[place]] := counts[ranks[place]] + registers[place];
        free := free - registers[place];
    end loop;
    -- tau: what no rank above 50 can tell.
    x := 1 - counts[51] / size;
    if x > 0 and x < 1 then
        z := 1 - x;
        while z <> before loop
            before := z;
            x := sqrt(x);
            y := y / 2;
            z := z - (1 - x) ^ 2 * y;
        end loop;
        z := z / 3;
    end if;
    z := size * z;
    for rank in reverse 50..1 loop
        z := (z + counts[rank]) / 2;
    end loop;
    -- sigma: registers that none has fallen into.
    x := free / size;
    y := 1;
    before := -1;
    if x >= 1 then
        return 0;
    end if;
    if x > 0 then
        z := z + size * x;
        while z <> before loop
            before := z;
            x := x * x;
            z := z + size * x * y;
            y := y + y;
            -- Less than this squared is no number.
            exit when x < 1e-150;
        end loop;
    end if;
    return round(size * size / (2 * ln(2::double precision) * z));
end;
$$;

comment on function api.estimate_viewers(bigint[], bigint[]) is
    'Viewers by how many registers have each rank.';
grant execute on function api.estimate_viewers(bigint[], bigint[])
to groundswell_service, groundswell_read;
