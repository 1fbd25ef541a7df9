"""A batch of deliveries: its events in one row, and how each of them ended."""

from __future__ import annotations

from app.ingest.dead_letters import dead_fields
from app.ingest.group import Delivery, Settlement
from app.ingest.insert import Known, told_apart
from app.ingest.packing import CONFLICT, UnreadableEntryError
from app.ingest.rows import ReceivedEvent
from app.ingest.stream import Entry, Fault, Fields, Reply, from_fields, to_fields

TOLD = "cannot be stored; the dead letters have the reason"
"""What a caller who waits is told of an event that the database refuses: its words are not ours."""


class Batch:
    """The events of some deliveries; entries that cannot be tried are dead from the start."""

    def __init__(self, deliveries: list[Delivery], *, max_deliveries: int) -> None:
        self.events: list[ReceivedEvent] = []
        self.redelivered = any(delivery.deliveries > 1 for delivery in deliveries)
        self._deliveries = deliveries
        self._dead: dict[bytes, list[Fields]] = {}
        self._faults: dict[str, list[Fault]] = {}
        """Of the entries whose callers wait, by request id."""
        self._duplicates: dict[str, int] = {}
        self._origins: list[tuple[int, Delivery, Entry]] = []
        """Where each entry's events begin in `events`."""
        for delivery in deliveries:
            if delivery.deliveries > max_deliveries:
                self._keep_dead(
                    delivery, delivery.fields, f"delivered more than {max_deliveries} times"
                )
                continue
            try:
                entry = from_fields(delivery.fields)
            except UnreadableEntryError as error:
                self._keep_dead(delivery, delivery.fields, f"cannot be read: {error}")
                continue
            self._origins.append((len(self.events), delivery, entry))
            self.events += [ReceivedEvent(event, entry.received_at) for event in entry.events]
            if entry.request_id is not None:
                self._faults[entry.request_id] = []

    @property
    def dead_letters(self) -> int:
        """How many dead letters it leaves so far."""
        return sum(map(len, self._dead.values()))

    @property
    def is_awaited(self) -> bool:
        """Whether a caller waits to hear of one of its entries."""
        return bool(self._faults)

    def bury(self, faults: list[Fault]) -> None:
        """Make dead letters of single events; a fault's position is an index into `events`."""
        for position, reason in faults:
            start, delivery, entry = next(
                origin for origin in reversed(self._origins) if origin[0] <= position
            )
            single = entry._replace(events=[self.events[position].event], request_id=None)
            fields = to_fields(single)
            self._keep_dead(delivery, fields, reason)
            if entry.request_id is not None:
                self._faults[entry.request_id].append((position - start, TOLD))

    def note_known(self, known: Known) -> int:
        """Note what was recorded before, and return how many ids were used for something else.

        Of what the batch itself has twice, all but the first are known too.
        """
        recorded, conflicts = dict(known), 0
        for start, _, entry in self._origins:
            events = self.events[start : start + len(entry.events)]
            duplicates, places = told_apart(events, recorded)
            conflicts += len(places)
            if entry.request_id is not None:
                self._faults[entry.request_id] += ((place, CONFLICT) for place in places)
                self._duplicates[entry.request_id] = duplicates
        return conflicts

    def settlement(self) -> Settlement:
        """Return what Redis is to be told once all events are committed or buried."""
        changed = {(event.content_type, event.content_id) for event, _ in self.events}
        # Who waits reads what was written.
        awaited = {
            (event.content_type, event.content_id)
            for _, _, entry in self._origins
            if entry.request_id is not None
            for event in entry.events
        }
        return Settlement(
            entry_ids=[
                delivery.entry_id
                for delivery in self._deliveries
                if delivery.entry_id not in self._dead
            ],
            dead=self._dead,
            replies={
                request_id: Reply(
                    faults=faults,
                    duplicates=self._duplicates.get(request_id),
                )
                for request_id, faults in self._faults.items()
            },
            changed=changed,
            awaited=awaited,
        )

    def _keep_dead(self, delivery: Delivery, fields: Fields, reason: str) -> None:
        letter = dead_fields(fields, reason=reason, first_id=delivery.entry_id)
        self._dead.setdefault(delivery.entry_id, []).append(letter)
