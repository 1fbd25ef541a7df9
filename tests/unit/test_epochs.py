"""Lists of databases, and the order in which the hosts of one are tried."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from app.errors import SettingError
from app.ingest.faults import Kind, kind_of
from app.runtime.addresses import database_urls
from app.runtime.epochs import DeposedError, rotated
from app.settings import read_settings

A = "postgresql://u:p@a:1,b:2/groundswell?target_session_attrs=read-write"
B = "postgres://u@c/groundswell"


@pytest.mark.parametrize(
    ("text", "urls"),
    [("", []), (A, [A]), (f"{A},{B}", [A, B]), (f" {B} , {A}, {B}, ", [B, A, B])],
)
def test_commas_within_a_url_separate_hosts(text: str, urls: list[str]) -> None:
    assert database_urls(text) == urls
    assert database_urls(read_settings({"READ_DATABASE_URL": text}).read_database_url) == urls


@pytest.mark.parametrize("text", ["mysql://a/b", f"{A},mysql://a/b", "postgresql://a:99999/b"])
def test_what_is_no_list_of_databases_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="READ_DATABASE_URL") as refused:
        read_settings({"READ_DATABASE_URL": text})
    assert ":p@" not in str(refused.value)


@pytest.mark.parametrize(
    ("times", "hosts", "ports"), [(0, "a,b", "1,2"), (1, "b,a", "2,1"), (2, "a,b", "1,2")]
)
def test_hosts_are_tried_in_turn(times: int, hosts: str, ports: str) -> None:
    found = conninfo_to_dict(rotated(A, times))
    assert (found["host"], found["port"]) == (hosts, ports)
    assert found == conninfo_to_dict(A) | {"host": hosts, "port": ports}


def test_one_port_is_that_of_all_hosts() -> None:
    found = conninfo_to_dict(rotated("host=a,b port=5433 dbname=d", 1))
    assert (found["host"], found["port"]) == ("b,a", "5433")


def test_no_event_is_to_blame_for_a_deposed_server() -> None:
    assert kind_of(DeposedError("it was")) is Kind.DATABASE
