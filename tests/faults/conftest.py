"""Settings under which faults are soon over."""

from __future__ import annotations

import msgspec
import pytest

from app.settings import Settings


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Settings under which batches and claims do not keep a test waiting."""
    return msgspec.structs.replace(settings, batch_seconds=0.02, claim_seconds=0.3)
