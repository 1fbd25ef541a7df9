-- Set the default weights of rankings; one row for each that changed.
select
    metric,
    weight
from api.set_default_weights(%(weights)s::jsonb);
