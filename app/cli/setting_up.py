"""What a command does first."""

from __future__ import annotations

from app.runtime.logs import configure_logs
from app.settings import Settings, read_settings


def settings_and_logs() -> Settings:
    """Read the settings and log as they say; raises `SettingError`."""
    settings = read_settings()
    configure_logs(settings)
    return settings
