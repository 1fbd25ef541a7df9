"""What a batch leaves behind: dead letters for whoever runs it, and other words for callers."""

from __future__ import annotations

from app.ingest.batch import TOLD, Batch
from app.ingest.group import Delivery
from app.ingest.stream import Entry, to_fields
from tests.writing import packed


def test_a_caller_is_not_told_in_the_words_of_the_database() -> None:
    said = 'new row for relation "event" violates check constraint "event_count_positive"'
    fields = to_fields(Entry(1, [packed("a"), packed("b")], "request"))
    batch = Batch([Delivery(b"1-0", fields)], max_deliveries=5)
    batch.bury([(1, said)])
    settlement = batch.settlement()
    assert settlement.replies["request"].faults == [(1, TOLD)]
    assert said in str(settlement.dead)
