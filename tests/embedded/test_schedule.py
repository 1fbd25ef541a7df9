"""The gateway's cron schedules, against examples worked out by hand; all times are UTC."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from app.embedded.node import GATEWAY, ensure_gateway

# 2026-01-01 is a Thursday, 2026-02-28 a Saturday and the last day of its month.
DUE = [
    ("* * * * *", "2026-01-01T00:00", True),
    ("*/5 * * * *", "2026-01-01T10:15", True),
    ("*/5 * * * *", "2026-01-01T10:16", False),
    ("10-20/5 * * * *", "2026-01-01T10:15", True),
    ("10-20/5 * * * *", "2026-01-01T10:25", False),
    ("0,30 2 * * *", "2026-01-01T02:30", True),
    ("0,30 2 * * *", "2026-01-01T03:30", False),
    ("0 2 * * *", "2026-01-01T02:00", True),
    ("0 2 * * *", "2026-01-01T02:01", False),
    ("0 0 1 jan *", "2026-01-01T00:00", True),
    ("0 0 1 JAN *", "2026-02-01T00:00", False),
    ("0 0 * * thu", "2026-01-01T00:00", True),
    ("0 0 * * 4", "2026-01-01T00:00", True),
    ("0 0 * * mon-wed", "2026-01-01T00:00", False),
    ("0 0 * * 7", "2026-01-04T00:00", True),
    ("0 0 * * 0", "2026-01-04T00:00", True),
    ("0 0 * * 5-7", "2026-01-04T00:00", True),
    # Both day fields given: either is enough.
    ("0 0 13 * fri", "2026-01-13T00:00", True),
    ("0 0 13 * fri", "2026-01-16T00:00", True),
    ("0 0 13 * fri", "2026-01-14T00:00", False),
    # One of them a star, if only in steps: both must fit.
    ("0 0 */2 * thu", "2026-01-01T00:00", True),
    ("0 0 */2 * thu", "2026-01-08T00:00", False),
    ("0 0 $ * *", "2026-02-28T00:00", True),
    ("0 0 $ * *", "2028-02-28T00:00", False),
    ("0 0 $ * *", "2026-02-27T00:00", False),
    ("@hourly", "2026-01-01T07:00", True),
    ("@hourly", "2026-01-01T07:01", False),
    ("@weekly", "2026-01-04T00:00", True),
]

INVALID = [
    "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
    "* * * 13 *", "* * * * 8", "*/0 * * * *", "5-1 * * * *", "5/10 * * * *", "a * * * *",
    "1,,2 * * * *", "*-5 * * * *", "$ * * * *", "0 seconds", "60 seconds", "5 minutes",
    "-1 * * * *", "@never", "*," * 500 + "* * * * *",
]  # fmt: skip
VALID = ["1 second", "59 seconds", " 30 SECONDS ", "@reboot", "  1  2  3  4  5 ", "0 0 $ * mon,fri"]

SCRIPT = """
import {{ parseSchedule, isDue }} from {module}
const asked = {asked}
const answer = asked.map(([text, time]) => {{
  const schedule = parseSchedule(text)
  return schedule === null ? null : time === null ? true : isDue(schedule, new Date(time))
}})
console.log(JSON.stringify(answer))
"""


async def _ask(asked: list[tuple[str, str | None]]) -> list[bool | None]:
    node = await ensure_gateway()
    module = json.dumps((GATEWAY / "schedule.mjs").as_uri())
    process = await asyncio.create_subprocess_exec(
        *node.node,
        "--input-type=module",
        "--eval",
        SCRIPT.format(module=module, asked=json.dumps(asked)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    answers: list[bool | None] = json.loads(output)
    return answers


def _utc(minute: str) -> str:
    return datetime.fromisoformat(minute).replace(tzinfo=UTC).isoformat()


async def test_due_minutes() -> None:
    answers = await _ask([(text, _utc(minute)) for text, minute, _ in DUE])
    for example, answer in zip(DUE, answers, strict=True):
        assert answer == example[2], example


async def test_valid_and_invalid_schedules() -> None:
    texts = [*VALID, *INVALID]
    answers = await _ask([(text, None) for text in texts])
    assert dict(zip(texts, answers, strict=True)) == {
        text: True if text in VALID else None for text in texts
    }
