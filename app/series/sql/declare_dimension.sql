-- Count by a key of the metadata.
call api.declare_dimension(%(key)s::text, %(names)s::text[]);
