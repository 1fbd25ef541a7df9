from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.errors import InputError
from app.replay.source import Change, History, read_history

SAMPLE = Path(__file__).parents[2] / "data" / "youtube_trending_gb_2017_sample.csv"
HEADER = "date,video_id,title,channel,category,views,likes,comments\n"
FIRST, SECOND = "aaaaaaaaaaa", "bbbbbbbbbbb"


def history_from(folder: Path, rows: str, **options: Any) -> History:
    file = folder / "totals.csv"
    file.write_text(HEADER + rows, encoding="utf-8")
    return read_history(file, **options)


def test_a_change_is_the_difference_of_two_days(tmp_path: Path) -> None:
    history = history_from(
        tmp_path,
        f"2017-10-02,{FIRST},New title,Channel,Music,150,12,7\n"
        f"2017-10-01,{FIRST},Old title,Channel,Music,100,10,9\n",
    )
    assert history.changes == [
        Change(
            video_id=FIRST,
            since=date(2017, 10, 1),
            until=date(2017, 10, 2),
            views=50,
            likes=2,
            comments=-2,
        )
    ]
    assert [video.title for video in history.videos] == ["New title"]


def test_the_first_day_of_a_video_is_only_a_baseline(tmp_path: Path) -> None:
    history = history_from(
        tmp_path,
        f"2017-10-01,{FIRST},t,c,Music,100,10,9\n"
        f"2017-10-02,{FIRST},t,c,Music,101,10,9\n"
        f"2017-10-02,{SECOND},t,c,Music,9000000,10,9\n",
    )
    assert sum(change.views for change in history.changes) == 1
    assert {video.video_id for video in history.videos} == {FIRST, SECOND}


def test_days_of_absence_belong_to_the_change_that_ends_with_the_return(tmp_path: Path) -> None:
    history = history_from(
        tmp_path,
        f"2017-10-01,{FIRST},t,c,Music,100,0,0\n2017-10-04,{FIRST},t,c,Music,400,0,0\n",
    )
    (change,) = history.changes
    assert (change.since, change.until) == (date(2017, 10, 1), date(2017, 10, 4))
    assert change.views == 300


def test_views_that_were_corrected_downwards_are_left_out_and_counted(tmp_path: Path) -> None:
    history = history_from(
        tmp_path,
        f"2017-10-01,{FIRST},t,c,Music,100,0,0\n2017-10-02,{FIRST},t,c,Music,90,0,0\n",
    )
    assert [change.views for change in history.changes] == [0]
    assert history.views_corrected == 1


def test_destroyed_ids_are_told_apart_by_title_and_channel(tmp_path: Path) -> None:
    history = history_from(
        tmp_path,
        "2017-10-01,#NAME?,One,c,Music,100,0,0\n2017-10-01,#NAME?,Two,c,Music,500,0,0\n"
        "2017-10-02,#NAME?,One,c,Music,110,0,0\n2017-10-02,#NAME?,Two,c,Music,520,0,0\n",
    )
    assert sorted(change.views for change in history.changes) == [10, 20]
    assert history.mended_ids == 4


def test_a_repeated_row_replaces_the_one_before(tmp_path: Path) -> None:
    history = history_from(
        tmp_path,
        f"2017-10-01,{FIRST},t,c,Music,100,0,0\n2017-10-02,{FIRST},t,c,Music,110,0,0\n"
        f"2017-10-02,{FIRST},t,c,Music,120,0,0\n",
    )
    assert [change.views for change in history.changes] == [20]
    assert history.repeated_rows == 1


def test_days_and_start_cut_the_file(tmp_path: Path) -> None:
    rows = "".join(f"2017-10-0{day},{FIRST},t,c,Music,{day * 10},0,0\n" for day in range(1, 6))
    assert len(history_from(tmp_path, rows, days=2).changes) == 2
    assert len(history_from(tmp_path, rows, start=date(2017, 10, 4)).changes) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("date,video_id\n", "has no column title, channel"),
        (HEADER, "on two days"),
        (HEADER + f"2017-10-01,{FIRST},t,c,Music,many,0,0\n", "line 2"),
        (HEADER + f"yesterday,{FIRST},t,c,Music,1,0,0\n", "line 2"),
    ],
)
def test_an_unusable_file_is_told_with_its_fault(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "totals.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=told):
        read_history(file)


def test_an_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv"):
        read_history(tmp_path / "absent.csv")


def test_the_sample_has_two_weeks_of_real_titles() -> None:
    history = read_history(SAMPLE)
    assert history.days == 13
    assert len(history.videos) > 200
    assert all(video.title and video.channel and video.category for video in history.videos)
    assert SAMPLE.stat().st_size <= 150_000
