"""`groundswell doctor` and `status`, and how they find a running `make run` (F4)."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from click.testing import CliRunner, Result

from app.cli.adopting import adopt_running
from app.cli.main import cli
from app.health.doctor import _clock, _of_redis
from app.health.doctor_jobs import Plan, look_at_jobs
from app.health.findings import Finding
from app.health.jobs import JobStatus
from app.health.redis_state import RedisState
from app.ingest import keys
from app.runtime.pool import Pool
from app.runtime.running import Running, announced, find_running
from tests.sql.world import World

Run = Callable[..., Awaitable[Result]]
NOWHERE = "postgresql://nobody@127.0.0.1:9/none"


@pytest.fixture
def run(
    database_url: str,
    redis_url: str,
    clean: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run a command in a thread, since it brings an event loop of its own."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, cli, arguments)

    return run


def by_what(result: Result) -> dict[str, Any]:
    return {finding["what"]: finding for finding in json.loads(result.stdout)}


async def test_a_database_that_never_ran_a_job_is_told_and_how_to_mend_it(run: Run) -> None:
    done = await run("doctor", "--json")
    found = by_what(done)
    assert done.exit_code == 1
    # Tests have no scheduled jobs; on a server, pg_cron lives in another database.
    assert (
        "jobs/groundswell_maintain_storage.sql is not scheduled" in found["schema"]["says"]
        or found["pg_cron"]["verdict"] == "fail"
    )
    assert found["database"]["verdict"] == "ok"
    assert "timescaledb 2." in found["database"]["says"]
    assert found["job run_rankings"] == {
        "what": "job run_rankings",
        "verdict": "fail",
        "says": "it has never run",
        "mend": "`groundswell migrate` schedules it; look into cron.job and cron.job_run_details",
    }
    assert found["clock of the database"]["verdict"] == "ok"
    text = (await run("doctor")).output
    assert "fail  job run_rankings: it has never run\n      to mend it: `groundswell" in text


async def test_dead_letters_and_a_ranking_that_fails_are_told(
    run: Run, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    async with pool.connection() as connection:
        world = World(connection)
        await world.only("trending_24h")
        await world.run()
        await world.execute("update core.ranking_state set error = 'division by zero'")
    await redis.xadd(keys.DEAD_STREAM, {"v": "1"})
    found = by_what(await run("doctor", "--json"))
    assert found["dead letters"]["verdict"] == "warn"
    assert "groundswell dead-letters list" in found["dead letters"]["mend"]
    assert found["ranking trending_24h"]["says"].endswith("division by zero")


async def test_what_is_down_is_a_finding_not_a_crash(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", NOWHERE)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    done = await run("doctor", "--json")
    found = by_what(done)
    assert done.exit_code == 1
    assert found["database"]["verdict"] == found["Redis"]["verdict"] == "fail"
    assert "mend DATABASE_URL" in found["database"]["mend"]
    status = await run("status")
    assert status.exit_code == 1
    assert "Redis does not answer" in status.output
    assert "The database does not answer" in status.output


async def test_status_tells_jobs_rankings_and_what_waits(
    run: Run, pool: Pool, redis: redis.asyncio.Redis
) -> None:
    async with pool.connection() as connection:
        world = World(connection)
        await world.only("trending_24h")
        await world.run()
    await redis.xadd(keys.EVENT_STREAM, {"v": "1"})
    found = json.loads((await run("status", "--json")).output)
    assert [each["name"] for each in found["database"]["rankings"]] == ["trending_24h"]
    assert found["stream"]["lanes"][0]["entries"] == 1
    board = (await run("status")).output
    assert "trending_24h" in board
    assert "0 dead letters" in board
    assert (await run("status", "--watch", "--json")).exit_code == 2


NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


def job(name: str, *, ago: timedelta | None, error: str | None = None) -> JobStatus:
    since = None if ago is None else NOW - ago
    return JobStatus(job=name, started_at=NOW, finished_at=NOW, error=error, succeeded_at=since)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (job("run_rankings", ago=timedelta(minutes=1)), "ok"),
        (job("run_rankings", ago=timedelta(minutes=4)), "fail"),
        (job("run_rankings", ago=None), "fail"),
        (job("run_rankings", ago=timedelta(minutes=1), error="deadlock"), "warn"),
        (job("run_rankings", ago=timedelta(minutes=9), error="deadlock"), "fail"),
        (job("maintain_storage", ago=timedelta(hours=3)), "ok"),
        (job("maintain_storage", ago=timedelta(hours=4)), "fail"),
        (job("count_neighbours", ago=timedelta(minutes=61)), "fail"),
        # It runs each night, for minutes, and one day of the year has 25 hours.
        (job("reconcile", ago=timedelta(hours=25, minutes=10)), "ok"),
        (job("reconcile", ago=timedelta(hours=27)), "fail"),
        (job("maintain_storage", ago=timedelta(days=2)), "fail"),
    ],
)
def test_a_job_is_judged_by_when_it_last_ended_well(status: JobStatus, verdict: str) -> None:
    found = {each.what: each for each in look_at_jobs([status], NOW)}[f"job {status.job}"]
    assert found.verdict == verdict
    assert (found.mend is None) == (verdict == "ok")


def plan_of(*, begun: timedelta, paused: tuple[str, ...] = ()) -> Plan:
    names = ("run_rankings", "maintain_storage")
    return Plan(begun=NOW - begun, active={name: name not in paused for name in names})


def findings(statuses: list[JobStatus], plan: Plan) -> dict[str, Finding]:
    return {each.what: each for each in look_at_jobs(statuses, NOW, plan)}


def test_a_fresh_install_is_not_called_broken_before_its_first_minute() -> None:
    found = findings([], plan_of(begun=timedelta(seconds=20)))["job run_rankings"]
    assert (found.verdict, found.mend) == ("warn", "ask again in a minute")
    found = findings([], plan_of(begun=timedelta(minutes=4)))["job run_rankings"]
    assert (found.verdict, found.says) == ("fail", "it has never run")


def test_a_server_that_was_off_is_not_behind_with_what_is_hourly() -> None:
    """As the embedded engine of a laptop is, every morning."""
    statuses = [
        job("maintain_storage", ago=timedelta(days=2)),
        job("run_rankings", ago=timedelta(days=2)),
    ]
    found = findings(statuses, plan_of(begun=timedelta(minutes=10)))
    assert found["job maintain_storage"].verdict == "ok"
    assert found["job maintain_storage"].says == "last ended well 48 h ago"
    assert found["job run_rankings"].verdict == "fail"


def test_a_paused_job_is_called_paused_and_one_that_is_gone_not_at_all() -> None:
    statuses = [
        job("run_rankings", ago=timedelta(minutes=1)),
        job("maintain_storage", ago=timedelta(days=3)),
        job("of_an_older_version", ago=timedelta(days=3)),
        job("refresh_site_1m", ago=timedelta(minutes=1), error="deadlock"),
    ]
    found = findings(statuses, plan_of(begun=timedelta(days=9), paused=("maintain_storage",)))
    assert list(found) == ["job run_rankings", "job maintain_storage", "job refresh_site_1m"]
    assert found["job refresh_site_1m"].verdict == "warn"
    assert found["job maintain_storage"].verdict == "warn"
    assert "groundswell_maintain_storage" in (found["job maintain_storage"].mend or "")


def redis_state(**changed: Any) -> RedisState:
    sound: dict[str, Any] = {
        "version": "7.0", "used": 1, "most": 0, "policy": "noeviction", "is_appending": True,
        "append_failed": False, "save_failed": False, "ahead": 0.0, "replicas": 0,
    }  # fmt: skip
    return RedisState(**{**sound, **changed})


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"is_appending": False}, "persistence of Redis"),
        ({"append_failed": True}, "persistence of Redis"),
        ({"policy": "allkeys-lru"}, "eviction of Redis"),
        ({"save_failed": True}, "snapshots of Redis"),
        ({"used": 9, "most": 10}, "memory of Redis"),
    ],
)
def test_a_redis_that_may_lose_events_is_told(changed: dict[str, Any], what: str) -> None:
    assert {each.verdict for each in _of_redis(redis_state(), "Redis")} == {"ok"}
    (found,) = (each for each in _of_redis(redis_state(**changed), "Redis") if each.verdict != "ok")
    assert found.what == what
    assert found.mend


@pytest.mark.parametrize(
    ("policy", "verdict", "says"),
    [
        ("allkeys-lru", "fail", "may throw accepted events away"),
        ("allkeys-random", "fail", "may throw accepted events away"),
        ("volatile-lru", "warn", "spares accepted events"),
        ("volatile-ttl", "warn", "spares accepted events"),
    ],
)
def test_what_an_eviction_policy_puts_at_risk_is_told(policy: str, verdict: str, says: str) -> None:
    found = {each.what: each for each in _of_redis(redis_state(policy=policy), "Redis")}
    eviction = found["eviction of Redis"]
    assert eviction.verdict == verdict
    assert says in eviction.says
    assert policy in eviction.says


@pytest.mark.parametrize(("ahead", "says"), [(3, "3.000 s ahead of"), (-3, "3.000 s behind")])
def test_clocks_that_are_apart_are_told(ahead: float, says: str) -> None:
    found = _clock("clock", ahead)
    assert found.verdict == "fail"
    assert found.says.startswith(says)


RUNNING = Running(
    url="http://127.0.0.1:8000", database_url="postgresql://a", redis_url="redis://b",
    admin_key="k",
)  # fmt: skip


def test_a_make_run_is_found_while_it_lives(tmp_path: Path) -> None:
    assert find_running(tmp_path) is None
    with announced(tmp_path, RUNNING):
        assert find_running(tmp_path) == RUNNING
        assert (tmp_path / "running.json").stat().st_mode & 0o077 == 0
    assert find_running(tmp_path) is None


def test_its_key_goes_however_it_ends(tmp_path: Path) -> None:
    (tmp_path / "running.json").touch(0o644)
    with suppress(asyncio.CancelledError), announced(tmp_path, RUNNING):
        assert (tmp_path / "running.json").stat().st_mode & 0o077 == 0
        raise asyncio.CancelledError  # as Ctrl-C does
    assert not (tmp_path / "running.json").exists()


def test_what_another_user_put_there_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with announced(tmp_path, RUNNING):
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert find_running(tmp_path) is None


def test_what_a_killed_one_left_behind_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with announced(tmp_path, RUNNING):
            os._exit(9)
    os.waitpid(child, 0)
    assert (tmp_path / "running.json").exists()
    assert find_running(tmp_path) is None


def test_commands_take_it_where_no_server_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with announced(Path(".groundswell"), RUNNING):
        taken: dict[str, str] = {}
        adopt_running("stats", taken)
        assert taken == {
            "DATABASE_URL": "postgresql://a", "REDIS_URL": "redis://b",
            "GROUNDSWELL_ADMIN_KEY": "k",
        }  # fmt: skip
        for command, given in (("dev", {}), ("stats", {"REDIS_URL": "redis://c"})):
            before = dict(given)
            adopt_running(command, given)
            assert given == before
