"""What the demo shows: the sample's videos, and films, series and anime that are made up."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import msgspec

from app.items.wire import ItemIn
from app.replay.events import catalogue_of
from app.replay.source import History, read_history

_DATA = Path(__file__).parents[2] / "data"
SAMPLE = _DATA / "youtube_trending_gb_2017_sample.csv"
TITLES = _DATA / "demo_titles.csv"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The demo's catalogue, the most popular first, as videos and made-up titles take turns."""

    sample: History
    videos: list[ItemIn]
    titles: list[ItemIn]

    @property
    def items(self) -> list[ItemIn]:
        """All of it, in the order of popularity."""
        places = [
            *((place / len(self.videos), item) for place, item in enumerate(self.videos)),
            *((place / len(self.titles), item) for place, item in enumerate(self.titles)),
        ]
        return [item for _, item in sorted(places, key=lambda each: each[0])]


def read_shown() -> Shown:
    """Read the sample and the titles."""
    sample = read_history(SAMPLE)
    newest = {change.video_id: (change.until, change.views) for change in sample.changes}
    videos = catalogue_of(
        sorted(
            sample.videos,
            key=lambda video: newest.get(video.video_id, (sample.first, 0)),
            reverse=True,
        ),
        content_type="video",
    )
    with TITLES.open(newline="", encoding="utf-8") as file:
        titles = [_title(row) for row in csv.DictReader(file)]
    by_type: dict[str, list[ItemIn]] = {}
    for title in titles:
        by_type.setdefault(title.content_type, []).append(title)
    taking_turns = [title for turn in zip(*by_type.values(), strict=True) for title in turn]
    return Shown(sample=sample, videos=videos, titles=taking_turns)


def _title(row: dict[str, str]) -> ItemIn:
    attributes: dict[str, object] = {}
    if row["rating"]:
        attributes = {"rating": float(row["rating"]), "ratingCount": int(row["ratings"])}
    return ItemIn(
        content_id=re.sub(r"\W+", "-", row["title"].lower().replace("'", "")),
        content_type=row["content_type"],
        title=row["title"],
        category=row["category"],
        creator=row["creator"],
        attributes=attributes,
    )
