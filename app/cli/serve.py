"""`groundswell serve`: the HTTP API."""

from __future__ import annotations

import click

from app.cli.setting_up import settings_and_logs


@click.command()
@click.option("--host", help="Address to listen on. [default: HOST or 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="[default: PORT or 8000]")
@click.option(
    "--workers", type=click.IntRange(1), help="Processes. [default: GROUNDSWELL_API_WORKERS, or 1]"
)
def serve(host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the HTTP API."""
    from app import serve as server  # noqa: PLC0415

    settings = server.with_port(settings_and_logs(), host=host, port=port)
    server.serve(settings, workers=workers or settings.api_workers)
