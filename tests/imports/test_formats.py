"""What other programs count: told apart, read as events, and counted once in whatever file."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import InputError
from app.imports import found as found_in_file
from app.imports import load
from app.imports.found import Found
from app.imports.run import check, run
from app.settings import Settings
from tests.imports.test_import import KilledError, Told, wanted
from tests.sql.world import World

YOUTUBE = """\
Content,Video title,Video publish time,Duration,Likes,Comments added,Views,Watch time (hours)
Total,,,,9,3,1300,30.5
vid-a,"Cats, many",Jan 2, 2026,61,-2,3,1200,30.25
"vid-b","Dogs",,61,0,0,0,0
vid-c,Birds,,61,1,0,many,0
"""
CHART = """\
Date,Content,Video title,Video publish time,Views
2026-01-02,vid-a,Cats,"Jan 2, 2026",10
2026-01-03,vid-a,Cats,"Jan 2, 2026",7
2026-02-31,vid-a,Cats,"Jan 2, 2026",7
2999-01-01,vid-a,Cats,"Jan 2, 2026",7
"""
PLAUSIBLE = """\
"date","hostname","page","visits","visitors","pageviews","total_scroll_depth",\
"total_scroll_depth_visits","total_time_on_page","total_time_on_page_visits"
"2026-01-02","example.com","/",8,8,15,0,0,100000,0
"2026-01-02","example.com","/pricing",3,3,0,0,0,0,0
"""
UMAMI = """\
website_id,session_id,visit_id,event_id,hostname,url_path,page_title,event_type,event_name,created_at
w,s1,v1,0a51a5d8-0b7e-4b2c-9f4e-111111111111,example.com,/a,A,1,,2026-01-02 03:04:05
w,s1,v1,0a51a5d8-0b7e-4b2c-9f4e-222222222222,example.com,/a,A,2,signup,2026-01-02 03:04:06
w,s2,v2,0a51a5d8-0b7e-4b2c-9f4e-333333333333,example.com,/b,A,1,,2026-01-02T03:04:05Z
w,s2,v2,0a51a5d8-0b7e-4b2c-9f4e-444444444444,example.com,/b,A,1,,yesterday
"""
GOATCOUNTER = """\
2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,Screen size,\
Location,FirstVisit,Date
/a.html,A,false,,Firefox 99,Linux,s1,0,,,,DE,true,2026-01-02T03:04:05Z
/a.html,A,false,,Firefox 99,Linux,s1,0,,,,DE,false,2026-01-02T03:05:05Z
/b.html,B,false,,Bot 1,Linux,s2,3,,,,DE,true,2026-01-02T03:04:05Z
click,C,true,,Firefox 99,Linux,s1,0,,,,DE,false,2026-01-02T03:04:05Z
"""
VISIT = GOATCOUNTER.splitlines(keepends=True)[2]
NGINX = r"""
203.0.113.9 - - [31/Jan/2026:23:30:00 +0100] "GET /a?x=1#y HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11)"
203.0.113.9 - bob [31/Jan/2026:23:30:00 +0100] "GET /caf%C3%A9/b.html HTTP/2.0" 304 0 "r" "Mozilla"
203.0.113.9 - - [31/Jan/2026:23:31:00 +0100] "GET /style.css HTTP/1.1" 200 512 "-" "Mozilla/5.0"
203.0.113.9 - - [31/Jan/2026:23:31:00 +0100] "POST /a HTTP/1.1" 200 512 "-" "Mozilla/5.0"
203.0.113.9 - - [31/Jan/2026:23:31:00 +0100] "GET /a HTTP/1.1" 404 512 "-" "Mozilla/5.0"
2001:db8::1 - - [31/Jan/2026:23:32:00 +0100] "GET /a HTTP/1.1" 200 512 "-" "Googlebot/2.1"
\x16\x03\x01
203.0.113.9 - - [31/Foo/2026:23:31:00 +0100] "GET /a HTTP/1.1" 200 512 "-" "Mozilla/5.0"
203.0.113.9 - - [31/Jan/2026:23:33:00 +0100] "\x16\x03" 400 0 "-" "-"
"""
APACHE = """\
www.example.com:443 203.0.113.9 - - [10/Oct/2025:13:55:36 -0700] "GET / HTTP/1.0" 200 2326
www.example.com:443 203.0.113.9 - - [10/Oct/2025:13:55:37 -0700] "GET /watch/77 HTTP/1.0" 200 -
"""


@pytest.mark.parametrize(
    ("name", "text", "given", "kind", "types", "left_out", "earliest"),
    [
        ("Table data.csv", YOUTUBE.replace("Jan 2, 2026", '"Jan 2, 2026"'),
         {"day": date(2026, 1, 31)}, "youtube",
         {"view": 1200, "unlike": 2, "comment": 3, "watch_time": 2},
         {"the total of all videos": 2, "nothing was counted": 4, "Views: 'many' is no number that "
          "can be counted": 5}, "2026-01-31T12:00:00Z"),
        ("Chart data.csv", CHART, {}, "youtube", {"view": 17},
         {"'2026-02-31' is no day such as 2026-01-31": 4, "its day is not over yet": 5},
         "2026-01-02T12:00:00Z"),
        ("imported_pages_20260102_20260102.csv", PLAUSIBLE, {}, "plausible",
         {"view": 15, "watch_time": 2}, {"nothing was counted": 3}, "2026-01-02T12:00:00Z"),
        ("website_event.csv", UMAMI, {}, "umami", {"view": 2},
         {"an event of one's own, no page view": 3, "occurredAt: expected an RFC 3339 time, such "
          "as 2025-01-31T12:00:00Z":
          5}, "2026-01-02T03:04:05Z"),
        ("export.csv", GOATCOUNTER, {"content_type": "post"}, "goatcounter", {"view": 2},
         {"a bot's": 4, "an event of one's own, no page view": 5}, "2026-01-02T03:04:05Z"),
        ("access.log", NGINX.lstrip(), {}, "access-log", {"view": 3},
         {"no page": 3, "no GET": 4, "status 404": 5, "no line of an access log, common or "
          "combined": 7, "'31/Foo/2026:23:31:00 +0100' is no time such as 31/Jan/2026:13:55:36 "
          "+0000": 8, "status 400": 9}, "2026-01-31T22:30:00Z"),
        ("access.log.1", APACHE, {"pages": re.compile(r"^/watch/(\d+)$")}, "access-log",
         {"view": 1}, {"no page": 1}, "2025-10-10T20:55:37Z"),
    ],
)  # fmt: skip
async def test_each_is_told_and_read(  # noqa: PLR0917 - parameters
    tmp_path: Path,
    name: str,
    text: str,
    given: dict[str, Any],
    kind: str,
    types: dict[str, int],
    left_out: dict[str, int],
    earliest: str,
) -> None:
    """The same packed; the totals of a day stand at its noon; each reason names its first line."""
    (tmp_path / name).write_text(text)
    with gzip.open(tmp_path / f"{name}.gz", "wb") as file:
        file.write(text.encode())
    for path in (tmp_path / name, tmp_path / f"{name}.gz"):
        (found,) = await dry_run(path, **given)
        assert (found.kind, found.types) == (kind, Counter(types))
        assert {reason: left.first for reason, left in found.left_out.items()} == left_out
        assert found.earliest == datetime.fromisoformat(earliest)


async def test_what_a_log_tells_of_visitors(tmp_path: Path) -> None:
    """A bot's is kept and not counted; the query is gone; a session is no address."""
    path = tmp_path / "access.log"
    path.write_text(NGINX.lstrip())
    (found,) = await dry_run(path)
    assert found.items == {("page", "/a"), ("page", "/café/b.html")}
    assert (found.events, found.uncounted) == (3, 1)


async def test_reasons_without_end_are_not_all_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in which each line is wrong in a way of its own takes no memory for each."""
    monkeypatch.setattr(found_in_file, "MOST_REASONS", 2)
    path = tmp_path / "access.log"
    path.write_text(
        "".join(NGINX.splitlines(keepends=True)[1:2] * 2).replace("Jan", "Fo%d") % (1, 2)
    )
    path.write_text(path.read_text() * 3 + "more\n")
    (found,) = await dry_run(path)
    assert [(left.first, left.lines) for left in found.left_out.values()] == [
        (1, 3),
        (2, 3),
        (7, 1),
    ]


async def dry_run(path: Path, **given: Any) -> list[Found]:
    asked = wanted(Settings(), Told(), path)
    for name, value in given.items():
        setattr(asked, name, value)
    return await check(asked)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("Table data.csv", YOUTUBE, "these totals have no column Date: say --day"),
        (
            "v.csv",
            "date,visitors,pageviews\n",
            "there is no column page: of an export of Plausible",
        ),
        ("export.csv", "3Path,Title\n", "an export of GoatCounter begins with 1Path or 2Path"),
        ("some.zip", {"a.csv": ""}, "has no imported_pages….csv"),
        ("some.zip", "no zip", "File is not a zip file"),
        ("access.log.gz", "no gzip", "Not a gzipped file"),
        ("notes.txt", "", "notes.txt: not .csv, .ndjson or .jsonl"),
    ],
)
async def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, text: str | dict[str, str], message: str
) -> None:
    path = tmp_path / name
    if isinstance(text, str):
        path.write_text(text)
    else:
        packed(path, text)
    with pytest.raises(InputError) as refused:
        await dry_run(path)
    assert message in refused.value.detail


def packed(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


async def test_what_two_files_have_in_common_counts_once(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An overlapping export, a log that was rotated and packed; one cut off within a record.

    The same line twice in a log is two views, also where the import was cut off between them.
    """
    monkeypatch.setattr(load, "BATCH", 1)
    first = packed(
        tmp_path / "one.zip", {"imported_visitors.csv": "", "imported_pages.csv": PLAUSIBLE}
    )
    second = tmp_path / "two.csv"
    second.write_text(PLAUSIBLE + '"2026-01-03","example.com","/",1,1,4,0,0,10,1\n')
    log, rotated = tmp_path / "access.log", tmp_path / "access.log.1.gz"
    lines = NGINX.lstrip().splitlines(keepends=True)
    log.write_text("".join([lines[0], *lines]))
    with gzip.open(rotated, "wb") as file:
        file.write("".join([lines[0], *lines, APACHE]).encode())
    goat = tmp_path / "goat.csv"
    goat.write_text(GOATCOUNTER.replace(VISIT, VISIT * 2))
    for path in (first, log):
        with pytest.raises(KilledError):
            await run(wanted(settings, Told(killed_after=1), path))

    found = await run(wanted(settings, Told(), first, second, log, rotated, goat))

    assert [(one.events - one.duplicates) for one in found] == [2, 2, 4, 2, 3]
    assert await world.rows(
        "select external_id, sum(views)::bigint, sum(watch_seconds) from agg.engagement_1d "
        "inner join core.item using (item_id) group by external_id order by external_id"
    ) == [
        ("/", 20, 100_010.0),
        ("/a", 2, 0.0),
        ("/a.html", 3, 0.0),
        ("/café/b.html", 1, 0.0),
        ("/watch/77", 1, 0.0),
    ]
    sessions = await world.rows("select session_id from core.event where session_id is not null")
    assert all(re.fullmatch("[0-9a-f]{32}|s1", session) for (session,) in sessions)
    assert await world.rows("select uncounted_because from core.event where not counted") == [
        ("bot: Googlebot/",)
    ]


HEAD = "type,contentId,occurredAt\n"
ROW = "view,a,2026-01-02T03:04:05Z\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("marked.csv", b"\xef\xbb\xbf" + (HEAD + ROW).encode()),
        ("windows.csv", (HEAD + ROW).replace("\n", "\r\n").encode()),
        ("other order.csv", b"occurredAt,type,contentId\n2026-01-02T03:04:05Z,view,a\n"),
        ("spaced.csv", b"type, contentId, occurredAt\nview,a,2026-01-02T03:04:05Z\n"),
        ("lines in quotes.csv", (HEAD + 'view,"a\nb",2026-01-02T08:49:05+05:45\n').encode()),
        ("packed.csv", gzip.compress((HEAD + ROW).encode())),
        ("one that ends.csv", (HEAD + ROW.rstrip("\n")).encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_table_is_read_however_it_was_saved(
    settings: Settings, tmp_path: Path, name: str, text: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(text)
    told = Told()
    [found] = await check(wanted(settings, told, file))
    assert (found.events, dict(found.left_out)) == (1, {})
    assert str(found.earliest) == "2026-01-02 03:04:05+00:00"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("wide.csv", (HEAD + ROW).encode("utf-16"), "it is UTF-16: save it as UTF-8"),
        ("wide.csv", (HEAD + ROW).encode("utf-16-be"), "it is UTF-16: save it as UTF-8"),
        ("wide.ndjson", '{"type": "view"}\n'.encode("utf-16"), "it is UTF-16: save it as UTF-8"),
        ("mac.csv", (HEAD + ROW).replace("\n", "\r").encode(), "its lines end with CR alone"),
        ("excel.csv", (HEAD + ROW).replace(",", ";").encode(), "separated by ';'; use commas"),
        ("tabs.csv", (HEAD + ROW).replace(",", "\t").encode(), r"separated by '\\t'; use commas"),
        ("nothing.csv", b"", "there is no column type"),
        ("cut.csv", gzip.compress((HEAD + ROW).encode())[:30], "ended before"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_table_that_cannot_be_read_says_why(
    settings: Settings, tmp_path: Path, name: str, text: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(text)
    with pytest.raises(InputError, match=said):
        await check(wanted(settings, Told(), file))
