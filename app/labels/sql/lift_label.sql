-- Lift a label that is in force.
select
    api.lift_label(
        %(label_id)s::bigint,
        %(lifted_by)s::text,
        %(as_of)s::timestamptz
    ) as is_lifted
