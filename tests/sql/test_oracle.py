"""Every ranking, window, badge and count equals a brute-force recount, after every run."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given

from tests.profiles import examples
from tests.sql.comparing import assert_recounted
from tests.sql.strategies import Batch, batches
from tests.sql.world import AS_OF, World

RETAINED = timedelta(days=34)
"""Raw events of this span are surely recounted one by one, not by the day."""

MORE_RANKINGS = """
insert into core.ranking (name, formula, "window", subject, content_type, options, size, segments)
values
('reddit', 'reddit_hot', '7d', 'item', null, '{}', 1000, '{}'),
('gravity', 'gravity', '30d', 'item', null, '{}', 1000, '{creator}'),
('rated', 'wilson', '24h', 'item', null, '{"z": 1}', 2, '{}'),
('watched', 'top_count', '30d', 'category', null, '{"metric": "watch_seconds"}', 1000, '{}'),
('videos', 'top_count', '1h', 'item', 'video', '{"metric": "shares"}', 1000, '{content_type}'),
('creators', 'breakout', '24h', 'creator', 'video', '{"minSupport": 1}', 1000, '{}'),
('mixed', 'rating', 'all', 'item', null, '{"contentTypes": ["book", "tv"]}', 1000, '{}'),
('week', 'breakout', '7d', 'item', null, '{"metric": "likes"}', 1000, '{}');
insert into core.ranking
(name, "window", half_life, recent_half_life, view_weight, content_type, size, segment_size,
 segments)
values
('podium', '24h', '1 day', null, 0, null, 3, 1, '{creator}'),
('books', 'all', '100 days', '1 hour', null, 'book', 1000, 100, '{}');
"""


async def populate(world: World) -> None:
    """Five items of two content types, with or without category, creator and rating."""
    for name, content_type, category, creator, hours, rating in (
        ("a", "video", "ape", "x", 1, {"rating": 7.5, "ratingCount": 120}),
        ("b", "video", "bee", "y", 30, {}),
        ("c", "video", "ape", None, 300, {"rating": 2, "ratingCount": 0}),
        ("d", "book", "cat", "x", 3_000, {"rating": 9.25}),
        ("e", "book", None, "y", -2, {"rating": "good"}),
    ):
        await world.item(
            name,
            content_type=content_type,
            category=category,
            creator=creator,
            published_at=AS_OF - timedelta(hours=hours),
            attributes=rating,
        )


@examples(15)
@given(history=batches())
async def test_all_equals_a_recount_after_every_run(world: World, history: list[Batch]) -> None:
    if not await world.settings("podium"):
        await world.execute(MORE_RANKINGS)
    await world.forget()
    await populate(world)

    for batch in history:
        await world.insert(batch.events)
        await world.run(batch.as_of, forced=True)
        await assert_recounted(world, batch.as_of)
    await assert_reconciled(world, history[-1].as_of)


async def assert_reconciled(world: World, as_of: datetime) -> None:
    """The job that recounts in SQL finds nothing to mend."""
    moments = [event.occurred_at for event in world.events]
    if moments and max(moments) - min(moments) < RETAINED:
        await world.execute("call api.reconcile(%s)", as_of)
        assert await world.rows(
            "select row_count, error from core.job_run where job = 'reconcile'"
        ) == [(0, None)]
