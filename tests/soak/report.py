"""What a soak has seen, and its table."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.soak.checks import Found
from tests.soak.faults import Fault


@dataclass
class Line:
    """All rounds of one fault."""

    fault: Fault
    injected: int = 0
    live: list[float] = field(default_factory=list)
    """Seconds from the end of the fault until a new event was acknowledged and stored."""
    whole: list[float] = field(default_factory=list)
    """Seconds until everything acknowledged so far was stored."""
    pulse: list[float] = field(default_factory=list)
    """The slowest answer of `/health/live` in each round, in seconds."""
    lost: int = 0
    doubled: int = 0
    other: int = 0


class Report:
    """The lines by fault, and every single finding."""

    def __init__(self, seed: int, database_kill: str) -> None:
        self.seed = seed
        self._database_kill = database_kill
        self.lines: dict[str, Line] = {}
        self.findings: list[str] = []
        self.events = 0
        self.dead = 0
        self.seconds = 0.0

    def line(self, fault: Fault) -> Line:
        """Return the line of a fault."""
        return self.lines.setdefault(fault.name, Line(fault))

    def note(self, fault: Fault, found: Found) -> None:
        """Add what a check after a fault found."""
        line = self.line(fault)
        line.lost += len(found.lost)
        line.doubled += len(found.doubled)
        line.other += len(found.other)
        after = f"after {fault.name!r}, seed {self.seed}: "
        self.findings += [f"{after}{ref} is lost" for ref in sorted(found.lost)[:5]]
        self.findings += [f"{after}{ref} is doubled" for ref in sorted(found.doubled)[:5]]
        self.findings += [after + what for what in found.other[:5]]

    def show(self, console: Console) -> None:
        """Print the table, and below it what was found wrong."""
        table = Table(
            "fault", "injected", "new event stored", "all stored", "/health/live",
            "lost", "doubled", "other",
            title=f"seed {self.seed}, {self.seconds:,.0f} s, {self.events:,} events acknowledged, "
            f"{self.dead} of them in dead letters",
            caption="Median and longest seconds from the end of the last injection of a round. "
            f"The database's kill is: {self._database_kill}.",
        )  # fmt: skip
        for line in self.lines.values():
            table.add_row(
                line.fault.name, str(line.injected), _seconds(line.live), _seconds(line.whole),
                _seconds(line.pulse), str(line.lost), str(line.doubled), str(line.other),
            )  # fmt: skip
        console.print(table)
        for finding in self.findings:
            console.print(finding, style="red", markup=False)


def _seconds(values: list[float]) -> str:
    return f"{median(values):.2f} / {max(values):.2f}" if values else ""
