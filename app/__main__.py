"""`python -m app` is `groundswell`."""

from app.cli.main import main

main()
