"""What deploy/kubernetes comes to, rendered by kubectl: valid, bounded, and told what is true."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from app.migrate.mending import PEOPLE
from app.migrate.roles import BESIDE_POOL
from app.settings import Settings, read_settings, variable_of
from tests.kubernetes import program
from tests.kubernetes.rules import ROOT, RULES, made_rules

MANIFESTS = ROOT / "deploy" / "kubernetes"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
VERSION = "1.35"
OPERATORS = {
    "barmancloud.cnpg.io/v1",
    "keda.sh/v1alpha1",
    "monitoring.coreos.com/v1",
    "postgresql.cnpg.io/v1",
}
"""What others define: kubernetes-validate knows nothing of it."""
SECRETS = {"groundswell-database", "groundswell-redis", "timescaledb-superuser"}
RESERVED = 3
"""Connections that a server keeps for superusers."""

Json = dict[str, Any]


@pytest.fixture(scope="session")
def kubectl(request: pytest.FixtureRequest) -> Path:
    assert request.config.cache is not None
    found = program.find(request.config.cache.mkdir("kubectl"))
    if isinstance(found, str):
        pytest.skip(found)
    return found


def rendered(kubectl: Path, folder: Path) -> list[Json]:
    done = subprocess.run(
        [kubectl, "kustomize", folder], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [each for each in yaml.safe_load_all(done.stdout) if each]


@pytest.fixture(scope="module")
def all_rendered(kubectl: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Json]]:
    found = {name: rendered(kubectl, MANIFESTS / name) for name in ("single-node", "production")}
    # As docs/kubernetes.md says: an overlay of one's own.
    own = tmp_path_factory.mktemp("own")
    (own / "kustomization.yaml").write_text(
        yaml.safe_dump(
            {
                "namespace": "groundswell",
                "resources": [os.path.relpath(MANIFESTS / "production", own)],
                "components": [os.path.relpath(MANIFESTS / "components" / "kafka", own)],
                "configMapGenerator": [
                    {
                        "name": "groundswell",
                        "behavior": "merge",
                        "literals": [
                            "GROUNDSWELL_KAFKA_SERVERS=kafka.kafka:9092",
                            "GROUNDSWELL_KAFKA_EVENT_TOPIC=events",
                        ],
                    }
                ],
            }
        )
    )
    return {**found, "production with Kafka": rendered(kubectl, own)}


@pytest.fixture(params=["single-node", "production", "production with Kafka"])
def objects(request: pytest.FixtureRequest, all_rendered: dict[str, list[Json]]) -> list[Json]:
    return all_rendered[request.param]


def of_kind(objects: list[Json], *kinds: str) -> dict[str, Json]:
    return {each["metadata"]["name"]: each for each in objects if each["kind"] in kinds}


def pods(objects: list[Json]) -> dict[str, Json]:
    """Return the template of the pods of each workload."""
    found = of_kind(objects, "Deployment", "StatefulSet", "Job")
    return {name: each["spec"]["template"] for name, each in found.items()}


def ours(objects: list[Json]) -> dict[str, Json]:
    """Return the specs of those pods that run our image."""
    return {
        name: template["spec"]
        for name, template in pods(objects).items()
        if template["metadata"]["labels"].get("groundswell.io/image") == "service"
    }


def container(spec: Json) -> Json:
    (only,) = spec["containers"]
    found: Json = only
    return found


def settings_of(objects: list[Json]) -> dict[str, str]:
    (config,) = [
        each for name, each in of_kind(objects, "ConfigMap").items() if "servers" not in name
    ]
    found: dict[str, str] = config["data"]
    return found


def test_each_object_is_what_kubernetes_takes(objects: list[Json]) -> None:
    for each in objects:
        if each["apiVersion"] not in OPERATORS:
            kubernetes_validate.validate(each, VERSION, strict=True)
        assert each["metadata"].get("namespace", "groundswell") == "groundswell"
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))


def test_what_is_there(all_rendered: dict[str, list[Json]]) -> None:
    small, large, with_kafka = all_rendered.values()
    assert set(ours(small)) == set(ours(large)) == {"api", "worker", "migrate"}
    assert set(ours(with_kafka)) == {"api", "worker", "migrate", "consumer", "publisher"}
    # On a small cluster nobody needs an operator.
    assert not {each["apiVersion"] for each in small} & OPERATORS
    assert {each["apiVersion"] for each in large} >= OPERATORS


def test_pods_can_do_nothing_but_run(objects: list[Json]) -> None:
    for spec in (template["spec"] for template in pods(objects).values()):
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        security = container(spec)["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
    for spec in ours(objects).values():
        assert container(spec)["securityContext"]["readOnlyRootFilesystem"] is True
        assert container(spec)["resources"]["limits"]["memory"]


def test_no_variable_comes_that_is_no_setting(objects: list[Json]) -> None:
    """Kubernetes adds one a service; what begins as a setting and is none, ours refuse."""
    known = {variable_of(field) for field in Settings.__struct_fields__}
    given = settings_of(objects)
    assert set(given) <= known
    (servers,) = [
        each["data"] for name, each in of_kind(objects, "ConfigMap").items() if "servers" in name
    ]
    url = f"{servers['redis-scheme']}://:secret@{servers['redis-servers']}"
    assert read_settings({**given, "REDIS_URL": url}).redis_url == url
    for spec in ours(objects).values():
        assert spec["enableServiceLinks"] is False
        names = [each["name"] for each in container(spec)["env"]]
        assert len(names) == len(set(names))
        assert {name for name in names if name.startswith("GROUNDSWELL_")} <= known


def test_what_a_variable_is_made_of_stands_before_it(objects: list[Json]) -> None:
    for spec in ours(objects).values():
        before: set[str] = set()
        for each in container(spec)["env"]:
            assert set(re.findall(r"\$\((\w+)\)", each.get("value", ""))) <= before
            before.add(each["name"])


def test_secrets_are_named_and_never_there(objects: list[Json]) -> None:
    assert not of_kind(objects, "Secret")
    for spec in (template["spec"] for template in pods(objects).values()):
        for each in container(spec).get("env", []):
            if "PASSWORD" in each["name"] or "AUTH" in each["name"]:
                assert each["valueFrom"]["secretKeyRef"]["name"] in SECRETS


def test_only_the_job_that_migrates_is_the_owner(objects: list[Json]) -> None:
    for name, spec in ours(objects).items():
        given = {each["name"]: each.get("value") for each in container(spec)["env"]}
        who = "postgres" if name == "migrate" else Settings().db_user
        assert str(given["DATABASE_URL"]).startswith(f"postgresql://{who}:$(")


def test_images_are_those_of_compose(objects: list[Json]) -> None:
    known = {COMPOSE[name]["image"] for name in ("timescaledb", "redis")}
    found = {container(template["spec"])["image"] for template in pods(objects).values()}
    for catalogue in of_kind(objects, "ImageCatalog").values():
        found |= {each["image"] for each in catalogue["spec"]["images"]}
        (major,) = {each["major"] for each in catalogue["spec"]["images"]}
        assert f":pg{major}-" in COMPOSE["timescaledb"]["image"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert found == known | {f"groundswell:{version}"}


def test_pools_and_server_are_told_the_same(objects: list[Json]) -> None:
    given = settings_of(objects)
    api, workers = (int(given[f"GROUNDSWELL_{name}"]) for name in ("API_SERVERS", "WORKERS"))
    scaled = of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject")
    if scaled:
        assert scaled["api"]["spec"]["maxReplicas"] == api
        assert scaled["worker"]["spec"]["maxReplicaCount"] == workers
    for name, most in (("api", api), ("worker", workers)):
        replicas = of_kind(objects, "Deployment")[name]["spec"].get("replicas")
        assert replicas == (None if scaled else most)
    if clusters := of_kind(objects, "Cluster"):
        offered = clusters["timescaledb"]["spec"]["postgresql"]["parameters"]["max_connections"]
    else:
        command = container(pods(objects)["timescaledb"]["spec"])["args"]
        (offered,) = [each.split("=")[1] for each in command if each.startswith("max_conn")]
    each_process = int(given["GROUNDSWELL_POOL_SIZE"]) + BESIDE_POOL
    processes = api * int(given["GROUNDSWELL_API_WORKERS"]) + workers
    assert processes * each_process + PEOPLE <= int(offered) - RESERVED


def test_the_server_has_what_migrating_asks_for(objects: list[Json]) -> None:
    if clusters := of_kind(objects, "Cluster"):
        server = clusters["timescaledb"]["spec"]["postgresql"]
        parameters = server["parameters"]
        assert server["shared_preload_libraries"] == ["timescaledb", "pg_cron"]
    else:
        command = container(pods(objects)["timescaledb"]["spec"])["args"]
        parameters = dict(each.split("=", 1) for each in command if "=" in each)
        assert parameters["shared_preload_libraries"] == "timescaledb,pg_cron"
    ours_too = [each for each in COMPOSE["timescaledb"]["command"] if each.startswith("cron.")]
    for name, value in (each.split("=") for each in ours_too):
        assert parameters[name] == value


def test_redis_keeps_every_event_and_evicts_nothing(objects: list[Json]) -> None:
    script = " ".join(container(pods(objects)["redis"]["spec"])["command"])
    assert "--appendonly yes" in script
    assert "--maxmemory-policy noeviction" in script
    (said,) = re.findall(r"--maxmemory (\d+)(mb|gb)", script)
    bytes_of = {"mb": 2**20, "gb": 2**30, "Mi": 2**20, "Gi": 2**30}
    limit = container(pods(objects)["redis"]["spec"])["resources"]["limits"]["memory"]
    assert int(limit[:-2]) * bytes_of[limit[-2:]] >= 2 * int(said[0]) * bytes_of[said[1]]


def test_a_pod_is_not_killed_while_it_answers(objects: list[Json]) -> None:
    spec = ours(objects)["api"]
    pause = container(spec)["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] >= pause + Settings().stop_seconds + 5
    assert of_kind(objects, "Deployment")["api"]["spec"]["strategy"]["rollingUpdate"] == {
        "maxUnavailable": 0,
        "maxSurge": 1,
    }
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container(spec)[kind]["httpGet"]
        assert asked["path"] == ("/health/ready" if kind == "readinessProbe" else "/health/live")
        # An address is refused where GROUNDSWELL_ALLOWED_HOSTS names names.
        assert {"name": "Host", "value": "localhost"} in asked["httpHeaders"]


def test_what_has_no_port_to_ask_is_watched_as_in_compose(objects: list[Json]) -> None:
    for name in set(ours(objects)) - {"api", "migrate"}:
        only = container(ours(objects)[name])
        assert only["args"] == COMPOSE[name]["command"]
        for kind in ("startupProbe", "livenessProbe"):
            assert only[kind]["exec"]["command"][-1] == COMPOSE[name]["healthcheck"]["test"][-1]
        (port,) = only["ports"]
        assert str(port["containerPort"]) == settings_of(objects)["GROUNDSWELL_WORKER_METRICS_PORT"]


def test_every_pod_is_of_a_network_policy_and_nobody_is_let_in_by_default(
    objects: list[Json],
) -> None:
    policies = of_kind(objects, "NetworkPolicy")
    assert policies["nobody"]["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    opened = [
        policy["spec"]["podSelector"].get("matchLabels", {}).items()
        for policy in policies.values()
        if "ingress" in policy["spec"]
    ]
    for name, template in pods(objects).items():
        labels = template["metadata"]["labels"].items()
        is_asked = any(asked <= labels for asked in opened)
        needs = "ports" in container(template["spec"])
        assert is_asked or not needs or name in {"worker", "consumer", "publisher"}


def test_services_and_budgets_name_pods_that_there_are(objects: list[Json]) -> None:
    labels = [template["metadata"]["labels"].items() for template in pods(objects).values()]
    named = [each["spec"]["selector"] for each in of_kind(objects, "Service").values()]
    named += [
        each["spec"]["selector"]["matchLabels"]
        for each in of_kind(objects, "PodDisruptionBudget").values()
    ]
    for selector in named:
        assert any(selector.items() <= each for each in labels), selector


def test_monitors_give_metrics_the_jobs_that_alarms_ask_for(
    all_rendered: dict[str, list[Json]],
) -> None:
    objects = all_rendered["production with Kafka"]
    services = of_kind(objects, "Service")
    jobs = set()
    for monitor in of_kind(objects, "ServiceMonitor").values():
        selector = monitor["spec"]["selector"]
        names = {selector.get("matchLabels", {}).get("app.kubernetes.io/name")}
        names |= {name for each in selector.get("matchExpressions", []) for name in each["values"]}
        names.discard(None)
        for service in services.values():
            if service["metadata"].get("labels", {}).get("app.kubernetes.io/name") in names:
                (endpoint,) = monitor["spec"]["endpoints"]
                assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
                (relabelled,) = endpoint["relabelings"]
                assert relabelled["targetLabel"] == "job"
                name = service["metadata"]["name"]
                jobs.add(relabelled["replacement"].replace("$1", name))
    asked = set(re.findall(r'job="(groundswell-\w+)"', RULES.read_text()))
    assert asked
    assert asked <= jobs


def test_alarms_are_those_of_compose() -> None:
    assert RULES.read_text() == made_rules(), "python -m tests.kubernetes.rules"
    yaml.safe_load(RULES.read_text())


def test_what_waits_is_a_metric_that_there_is(all_rendered: dict[str, list[Json]]) -> None:
    (trigger,) = of_kind(all_rendered["production"], "ScaledObject")["worker"]["spec"]["triggers"]
    assert trigger["metadata"]["query"].startswith("max(groundswell_ingest_lag_seconds{")
    assert "groundswell_ingest_lag_seconds" in (ROOT / "docs" / "reference.md").read_text()


def test_what_deploys_goes_in_the_order_of_the_steps(all_rendered: dict[str, list[Json]]) -> None:
    recipe = (ROOT / "Makefile").read_text().split("deploy-kubernetes:")[1].split("\n\n")[0]
    verbs = re.findall(r"kubectl (\w+)", recipe)
    assert verbs == ["get", "delete", "apply", "wait", "apply", "rollout"]
    for objects in all_rendered.values():
        first = [
            each
            for each in objects
            if each["metadata"].get("labels", {}).get("groundswell.io/step") == "first"
        ]
        assert {"migrate"} <= set(of_kind(first, "Job"))
        assert "timescaledb" in of_kind(first, "StatefulSet", "Cluster")
        assert not of_kind(first, "Deployment")
        # What the job needs is there with it.
        only = container(ours(objects)["migrate"])
        asked = {each["configMapRef"]["name"] for each in only["envFrom"] if "configMapRef" in each}
        asked |= {
            each["valueFrom"]["configMapKeyRef"]["name"]
            for each in only["env"]
            if "configMapKeyRef" in each.get("valueFrom", {})
        }
        assert asked == set(of_kind(first, "ConfigMap"))
