"""`python -m app` is `groundswell`."""

from app.cli import main

main()
