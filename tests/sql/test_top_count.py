"""top_count: one plain count inside the window, of items, categories or creators."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql.world import World

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("metric", "best"),
    [("views", 30), ("likes", 4), ("comments", 2), ("shares", 5), ("watch_seconds", 90)],
)
async def test_each_metric_of_items(world: World, metric: str, best: float) -> None:
    """a: 10 + 20 views, 6 likes - 2 unlikes, 3 comments - 1 uncomment, 5 shares, 3 x 30 s.
    b: one of each less; c: only what happened before the window."""
    a, b, c = [await world.item(name) for name in "abc"]
    await world.ranking("r", formula="top_count", window="7d", options={"metric": metric})
    for item, less in ((a, 0), (b, 1)):
        await world.happened(item, "view", 10)
        await world.happened(item, "view", 20 - less, ago=6 * DAY)
        await world.happened(item, "like", 6 - less)
        await world.happened(item, "unlike", 2)
        await world.happened(item, "comment", 3 - less)
        await world.happened(item, "uncomment", 1)
        await world.happened(item, "share", 5 - less)
        await world.happened(item, "watch_time", 3 - less, seconds=30)
    for type_ in ("view", "like", "comment", "share"):
        await world.happened(c, type_, 1000, ago=7 * DAY)

    await world.run()

    less = 30 if metric == "watch_seconds" else 1
    assert list((await world.scores("r")).items()) == [(a, best), (b, best - less)]


async def test_what_has_no_count_is_left_out(world: World) -> None:
    """1 like - 1 unlike is none, 1 unlike less than none; views are not asked for."""
    a, b, c = [await world.item(name) for name in "abc"]
    await world.ranking("r", formula="top_count", options={"metric": "likes"})
    await world.happened(a, "like")
    await world.happened(a, "unlike")
    await world.happened(b, "unlike")
    await world.happened(c, "view")

    await world.run()

    assert await world.scores("r") == {}


@pytest.mark.parametrize("subject", ["category", "creator"])
async def test_subjects_add_up_their_items(world: World, subject: str) -> None:
    """ape: 2 + 3 views; bee: 4; the two items without a name belong to nobody."""
    for name, group, views in (
        ("a", "ape", 2),
        ("b", "bee", 4),
        ("c", "ape", 3),
        ("d", None, 50),
        ("e", None, 50),
    ):
        item = await world.item(name, category=group, creator=group)
        await world.happened(item, "view", views)
        await world.happened(item, "like", 1)
    await world.ranking("r", formula="top_count", subject=subject)

    await world.run()

    assert list((await world.scores("r")).items()) == [("ape", 5), ("bee", 4)]
    shown = await world.rows(
        """
        select entry.content_id, entry.content_type, entry.title, entry.views, entry.likes
        from api.latest_run as run
        cross join lateral api.snapshot_entries(run.run_id) as entry
        """
    )
    assert shown == [("ape", subject, "ape", 5, 2), ("bee", subject, "bee", 4, 1)]


async def test_counts_of_subjects_keep_to_the_content_type(world: World) -> None:
    """A creator's 3 views of books are in neither the score nor the counts of a list of videos."""
    video = await world.item("a", creator="ape")
    book = await world.item("a", creator="ape", content_type="book")
    await world.ranking("r", formula="top_count", subject="creator", content_type="video")
    await world.happened(video, "view", 2)
    await world.happened(book, "view", 3)

    await world.run()

    assert await world.rows("select subject, score, views from api.ranking_entry") == [
        ("ape", 2, 2)
    ]


async def test_ties_go_to_the_item_that_was_first_and_to_the_earlier_name(world: World) -> None:
    items = [await world.item(name, creator=name) for name in ("dog", "cat", "ape")]
    for item in reversed(items):
        await world.happened(item, "view", 2)
    await world.ranking("items", formula="top_count")
    await world.execute(
        "insert into core.ranking (name, formula, subject) values ('names', 'top_count', 'creator')"
    )

    await world.run()

    assert list(await world.scores("items")) == items
    assert list(await world.scores("names")) == ["ape", "cat", "dog"]
