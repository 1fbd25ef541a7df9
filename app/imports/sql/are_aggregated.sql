-- Whether no refresh of an aggregate has anything left to do.
select api.are_aggregated(%(now)s::timestamptz) as are_aggregated
