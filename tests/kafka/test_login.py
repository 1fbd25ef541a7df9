"""Brokers that ask for a login: who is let in, and what is said to who is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.errors import RefusedError
from app.kafka.first_contact import brokers_let_in
from app.settings import Settings
from app.sink.outlet import Outlet
from app.sink.wire import Outgoing
from tests.kafka.login import PASSWORD, USER, Manner, closed

MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


def settings_of(servers: str, mechanism: Any, password: str = PASSWORD) -> Settings:
    return Settings(
        kafka_servers=servers,
        kafka_sasl=mechanism,
        kafka_user=None if mechanism == "none" else USER,
        kafka_password=None if mechanism == "none" else password,
    )


async def refusal(settings: Settings) -> str:
    async with asyncio.timeout(20):
        with pytest.raises(RefusedError) as refused:
            await brokers_let_in(settings, asyncio.Event())
    return refused.value.detail


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_who_logs_in_is_let_in_and_publishes(mechanism: str) -> None:
    async with closed(mechanism) as servers:
        settings = settings_of(servers, mechanism)
        await brokers_let_in(settings, asyncio.Event())
        outlet = Outlet(settings)
        assert await outlet.send("t", [Outgoing(b"k", b"v", [])]) == []
        await outlet.close()


@pytest.mark.parametrize("manner", ["code", "field"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_wrong_password_is_named(mechanism: str, manner: Manner) -> None:
    async with closed(mechanism, manner="code" if mechanism == "PLAIN" else manner) as servers:
        said = await refusal(settings_of(servers, mechanism, "wrong"))
        assert "they refuse GROUNDSWELL_KAFKA_USER or GROUNDSWELL_KAFKA_PASSWORD" in said
        assert "wrong" not in said


async def test_another_mechanism_is_named() -> None:
    async with closed("SCRAM-SHA-512") as servers:
        said = await refusal(settings_of(servers, "SCRAM-SHA-256"))
        assert "they do not take the login of GROUNDSWELL_KAFKA_SASL=SCRAM-SHA-256" in said


async def test_no_login_where_one_is_asked_for_is_named() -> None:
    async with closed("SCRAM-SHA-512") as servers:
        assert "set GROUNDSWELL_KAFKA_SASL: they ask for a login" in await refusal(
            settings_of(servers, "none")
        )


async def test_who_does_not_know_the_password_is_no_broker_of_ours() -> None:
    async with closed("SCRAM-SHA-256", manner="liar") as servers:
        said = await refusal(settings_of(servers, "SCRAM-SHA-256", "another"))
        assert "they do not prove that they know GROUNDSWELL_KAFKA_PASSWORD" in said


async def test_an_answer_that_is_no_login_is_not_called_a_wrong_password() -> None:
    async with closed("SCRAM-SHA-256", manner="babbler") as servers:
        said = await refusal(settings_of(servers, "SCRAM-SHA-256"))
        assert "what they answer to GROUNDSWELL_KAFKA_SASL=SCRAM-SHA-256 is no login" in said
        assert "GROUNDSWELL_KAFKA_PASSWORD" not in said
