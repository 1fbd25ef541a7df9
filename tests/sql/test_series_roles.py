"""The roles of the service and of dashboards may ask for series, late events and all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.test_dimension import declared
from tests.sql.world import AS_OF, World

DAY = timedelta(days=1)
EDGES = [AS_OF - 3 * DAY, AS_OF]


@pytest.mark.parametrize("role", ["groundswell_service", "groundswell_read"])
async def test_a_role_reads_what_is_stale(world: World, role: str) -> None:
    item = await world.item("a", category="Music")
    await world.happened(item, ago=DAY)
    async with declared(world, "device", "phone"):
        await world.execute("call api.refresh_aggregates(%s, true)", AS_OF)
        await world.happened(item, "view", 2, ago=DAY)
        try:
            await world.execute(f"set role {role}")
            for wanted, split_by in (
                ("{}", None), ('{"item": {"in": [1]}}', None), ("{}", "category"),
                ("{}", "metadata.device"), ('{"category": {"in": ["Music"]}}', "metadata.device"),
            ):  # fmt: skip
                assert await world.rows(
                    "select views from api.engagement_sums(%s, %s, %s)", [EDGES, wanted, split_by]
                ) == [(3,)]
            assert await world.rows("select * from api.present_rate(%s)", [AS_OF]) == [(0, 0)]
        finally:
            await world.execute("reset role")
