"""The ready queries of docs/queries, and the examples of what is promised."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parents[2] / "docs" / "queries"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """One file: a sentence, how far back it looks, and the query."""

    name: str
    title: str
    days: int | None
    """Days before now that it asks for; None where it asks for no time."""
    reads_events: bool
    """Whether it is about raw events, which nothing else may read but the newest of."""
    query: str


def read_ready() -> list[Ready]:
    """Read every file in the order of their numbers."""
    return [_read(path) for path in sorted(FOLDER.glob("*.sql"))]


def _read(path: Path) -> Ready:
    text = path.read_text()
    header = re.match(r"(?:-- [^\n]*\n)+", text)
    assert header, path
    title = re.match(r"-- ([^\n]+)\n(?:-- (?!Over|Reads)([^\n]+)\n)?", text)
    assert title, path
    days = re.search(r"^-- Over: (\d+) days?\.$", text, re.MULTILINE)
    return Ready(
        name=path.stem,
        title=" ".join(part for part in title.groups() if part),
        days=int(days[1]) if days else None,
        reads_events="-- Reads: raw events.\n" in text,
        query=text[header.end() :].strip().removesuffix(";"),
    )


EXAMPLES = {
    "api.engagement_hourly": "select bucket, title, views from api.engagement_hourly\n"
    "where bucket >= now() - interval '6 hours' and content_id = '42';",
    "api.engagement_daily": "select bucket, sum(views) as views from api.engagement_daily\n"
    "where bucket >= now() - interval '7 days' and category = 'Music' group by bucket;",
    "api.engagement_1m": "select bucket, sum(views) as views from api.engagement_1m\n"
    "where bucket >= now() - interval '15 minutes' group by bucket;",
    "api.engagement_15m": "select bucket, sum(views) as views from api.engagement_15m\n"
    "where bucket >= now() - interval '6 hours' group by bucket;",
    "api.engagement_1d": "select bucket, sum(views) as views from api.engagement_1d\n"
    "where bucket >= now() - interval '7 days' group by bucket;",
    "api.trending_now": "select rank, title, score from api.trending_now\n"
    "where \"window\" = '1h' order by rank limit 10;",
    "api.rank_history": "select as_of, rank from api.rank_history\n"
    "where ranking = 'trending_24h' and as_of >= now() - interval '1 day' and content_id = '42';",
    "api.item_popularity": "select title, views, is_hot from api.item_popularity\n"
    "order by views desc limit 20;",
    "api.ingest_health": "select * from api.ingest_health order by bucket desc limit 5;",
    "api.storage_report": "select name, bytes, keep_for from api.storage_report\n"
    "order by bytes desc;",
    "api.current_ranking": "select rank, title, score from api.current_ranking\n"
    "where ranking = 'breakout' and segment = '' order by rank limit 10;",
    "api.ranking_overview": "select name, formula, as_of from api.ranking_overview;",
    "api.job_status": "select * from api.job_status;",
    "api.excluded_item": "select content_id, reason, excluded_by from api.excluded_item;",
    "api.raised_alert": "select * from api.raised_alert order by alert_id desc limit 20;",
    "api.event": "select * from api.event\n"
    "where occurred_at >= now() - interval '5 minutes' order by occurred_at desc limit 20;",
    "api.item_stats": "select * from api.item_stats('video', '42', now());",
    "api.stats_of_items": 'select content_id, "window", views from\n'
    "api.stats_of_items(array['video', 'video'], array['42', '43'], now());",
    "api.bucket_edges": "select api.bucket_edges(\n"
    "    now() - interval '6 days', now(), '1d', 'Europe/Berlin', 7\n);",
    "api.engagement_sums": "select sums.place, sums.subject, sums.views\n"
    "from api.bucket_edges(now() - interval '6 days', now(), '1d', 'UTC', 7) as edges\n"
    'cross join api.engagement_sums(edges, \'{"contentType": {"in": ["video"]}}\', '
    "'category') as sums;",
    "api.engagement_breakdown": "select subject, views, value, previous, total\n"
    "from api.engagement_breakdown(\n"
    "    array[now() - interval '1 day', now()], null, '{}', 'category', 'views', null, null, null,"
    " 10\n);",
    "api.unique_viewers": "select place, viewers from api.unique_viewers(\n"
    "    api.bucket_edges(now() - interval '6 days', now(), '1d', 'UTC', 7)\n);",
    "api.unique_viewers_by": "select place, subject, viewers from api.unique_viewers_by(\n"
    "    array[now() - interval '7 days', now()], '{}', 'category'\n);",
    "api.viewers_since": "select viewers from api.viewers_since(\n"
    "    array[0], array[now() - interval '1 day']\n);",
    "api.explain_score": "select component, value, weight, last_hour\n"
    "from api.explain_score('trending_24h', 'video', '42', now());",
    "api.add_label": "select api.add_label(\n"
    "'address', 4711, null, 'bought', '2026-01-01', null, 'ada', now()\n);",
    "api.lift_label": "select api.lift_label(12, 'ada', now());",
    "api.item_discounts": "select reason, actors, views, likes\n"
    "from api.item_discounts('video', '42');",
    "api.item_ranks": "select as_of, rank, score\n"
    "from api.item_ranks('trending_24h', 'video', '42', now() - interval '1 day');",
    "api.preview_ranking": "select rank, current_rank, title\n"
    "from api.preview_ranking('trending_24h', '{\"like_weight\": 20}', now()) limit 50;",
    "api.recommendations": "select place, item_id, source\n"
    "from api.recommendations(null, 1, null, null, now(), 10);",
    "api.chunk_sizes": "select level, ends, bytes from api.chunk_sizes() order by bytes desc;",
    "api.unrefreshed": "select api.unrefreshed('engagement_1d');",
    "api.put_items": 'select api.put_items(\'[{"contentType": "video", "contentId": "42",'
    ' "title": "Apes"}]\');',
    "api.exclude_item": "select api.exclude_item('video', '42', 'spam', 'ann', now());",
    "api.include_item": "select api.include_item('video', '42', 'ann', now());",
    "api.put_rule": "select api.put_rule('mixed', jsonb_build_object(\n"
    "    'kind', 'cap', 'subject', 'creator', 'most', 2, 'reason', 'variety'\n"
    "), 'ann');",
    "api.lift_rule": "select api.lift_rule('mixed', 'ann');",
    "api.editorial_rule": "select name, kind, reason from api.editorial_rule\n"
    "where lifted_at is null;",
    "api.decide_review": "select api.decide_review(\n"
    "    'trending_24h', 'video', '42', true, 'seen', 'ann'\n"
    ");",
    "api.editorial_review": "select content_id, place, held_at from api.editorial_review\n"
    "where is_approved is null;",
    "api.explain_edit": "select mark, reason, unedited_rank\n"
    "from api.explain_edit('trending_24h', 'video', '42', now());",
    "api.correct": "call api.correct(\n"
    "    '2026-03-01', '2026-04-01',\n"
    "    $$ update core.event set counted = false\n"
    "       where occurred_at >= $1 and occurred_at < $2 and user_id = 'bot-7' $$\n);",
    "api.declare_dimension": "call api.declare_dimension('device', array['device']);",
    "api.drop_dimension": "call api.drop_dimension('device');",
    "api.hold_raw_events": "select api.hold_raw_events(now() - interval '30 days');",
    "api.set_calendar_zone": "select api.set_calendar_zone('Europe/Berlin');",
    "api.refresh_rankings": "select * from api.refresh_rankings(now(), array['top_viewed']);",
    "api.run_rankings": "call api.run_rankings();",
    "api.refresh_aggregates": "call api.refresh_aggregates(now(), forced => true);",
    "api.maintain_storage": "call api.maintain_storage();",
    "api.reconcile": "call api.reconcile();",
    "api.rebuild_day": "call api.rebuild_day('2026-03-01', now());",
    "api.skip_used_ids": "select api.skip_used_ids();",
    "api.recount_neighbours": "select api.recount_neighbours();",
    "api.count_neighbours": "call api.count_neighbours();",
}
"""One use of everything that is promised, as the page shows it."""
