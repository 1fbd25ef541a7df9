-- Switch on or off what is published.
select
    api.switch_sink(
        %(stream)s::text, %(to_on)s::boolean, clock_timestamp()
    ) as dropped;
