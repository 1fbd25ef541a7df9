-- Count by a key of the metadata no more.
call api.drop_dimension(%(key)s::text);
