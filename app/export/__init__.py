"""What is counted, as files: raw events, aggregates and the catalogue."""
