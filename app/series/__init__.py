"""How it went over time, and by what: series, totals, breakdowns, and the present moment."""
