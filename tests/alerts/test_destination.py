"""Where webhooks may go: nowhere inside, however the address is written or changed meanwhile."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.alerts.destination import RefusedAddressError, check_url, destination, is_public
from app.alerts.sender import Sender, open_sender
from app.errors import BadRequestError
from tests.alerts.conftest import Receiver

INSIDE = [
    "127.0.0.1", "127.8.9.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1",
    "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "64:ff9b:1::7f00:1", "::ffff:0:7f00:1", "3fff::1",
    "5f00::1",
]  # fmt: skip
OUTSIDE = ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_outside_are_known(address: str) -> None:
    assert is_public(address)


NEVER = [
    "http://127.0.0.1/", "http://127.1/", "http://0/", "http://2130706433/", "http://0x7f000001/",
    "http://0X7F.1/", "http://0177.0.0.1/", "http://10.1/", "http://0xa9fea9fe/",
    "http://169.254.169.254/latest/meta-data", "http://127.0.0.1./", "http://0x7f.1./",
    "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[fe80::1]/", "http://[fd00::1]:8080/", "http://localhost/", "HTTP://LOCALHOST:8000/",
    "http://localhost./", "http://a.localhost/", "http://db.internal/", "http://nas.local/",
    "http://router.home.arpa/", "http://x.invalid/", "http://256.1.1.1/", "http://4294967296/",
    "http://1.2.3.4.5/", "http://a.b.7/", "http://08.8.8.8/", "http://\uff11\uff12\uff17.0.0.1/",
    "http://\u24dbocalhost/",
]  # fmt: skip
ALLOWED = [
    "https://hooks.example.org/a?b=c", "HTTPS://Hooks.Example.org/", "hTTp://hooks.example.org:8080",
    "https://1.1.1.1/", "http://[2606:4700:4700::1111]:8443/x", "https://hooks.example.org./",
    "https://xn--bcher-kva.example/", "https://xn--i-7iq.ws/", "https://xn--/", "https://7.example/",
    "https://internal.example.org/", "https://notlocalhost/",
]  # fmt: skip


@pytest.mark.parametrize("url", NEVER)
def test_what_never_leads_outside_is_known_without_looking_it_up(url: str) -> None:
    with pytest.raises(BadRequestError, match=r"^url: "):
        check_url(url, allow_private=False)


@pytest.mark.parametrize("url", ALLOWED)
def test_what_may_lead_outside_is_left_to_the_sending(url: str) -> None:
    check_url(url, allow_private=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://localhost/", "http://db.internal/"])
def test_where_private_networks_are_allowed_so_are_their_names(url: str) -> None:
    check_url(url, allow_private=True)


@pytest.fixture
async def strict(trust: ssl.SSLContext) -> AsyncIterator[Sender]:
    async with open_sender(allow_private=False, trust=trust) as sender:
        yield sender


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0", "127.1", "[::ffff:127.0.0.1]"]
)
async def test_nothing_inside_is_ever_connected_to(
    receiver: Receiver, strict: Sender, sender: Sender, host: str
) -> None:
    refused = await strict.send(receiver.url(host), headers={}, body=b"")
    assert refused.status is None
    assert "is no address of the public internet" in str(refused.error)
    assert receiver.received == []
    # It would have arrived.
    assert (await sender.send(receiver.url(host), headers={}, body=b"")).error is None


async def test_of_several_addresses_only_one_outside_is_taken() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("hooks.test", 443)
        return ["127.0.0.1", "1.1.1.1"]

    place = await destination("hooks.test", 443, resolve=resolve, allow_private=False)
    assert place == "1.1.1.1"

    async def nowhere(host: str, port: int) -> list[str]:
        del host, port
        return []

    with pytest.raises(RefusedAddressError):
        await destination("hooks.test", 443, resolve=nowhere, allow_private=True)


async def test_a_name_is_looked_up_once_so_that_it_cannot_change(receiver: Receiver) -> None:
    """What was checked is what is connected to, under the name that was asked for."""
    answers = [["127.0.0.1"], ["192.0.2.1"]]

    async def rebinding(host: str, port: int) -> list[str]:
        assert (host, port) == ("hooks.test", receiver.port)
        return answers.pop(0)

    async with open_sender(allow_private=True, resolve=rebinding) as sender:
        sent = await sender.send(receiver.url("hooks.test"), headers={}, body=b"")
    assert sent.error is None
    assert receiver.received[0].headers["host"] == f"hooks.test:{receiver.port}"
    assert answers == [["192.0.2.1"]]


async def test_an_unknown_name_is_a_failure_like_others(strict: Sender) -> None:
    sent = await strict.send("https://nobody.invalid/", headers={}, body=b"")
    assert sent.error


@pytest.mark.parametrize(
    "host", ["xn--", "xn--i-7iq.ws", "xn--a-.test", "Hooks.Test", "a..test", "a" * 64 + ".test"]
)
async def test_a_name_is_looked_up_as_it_is_written_however_odd(
    receiver: Receiver, trust: ssl.SSLContext, host: str
) -> None:
    asked: list[str] = []

    async def here(host: str, port: int) -> list[str]:
        del port
        asked.append(host)
        return ["127.0.0.1"]

    async with open_sender(allow_private=True, resolve=here, trust=trust) as sender:
        sent = await sender.send(receiver.url(host, "HTTP"), headers={}, body=b"")
    assert sent.error is None
    assert asked == [host.lower()]
    assert receiver.received[0].headers["host"] == f"{host.lower()}:{receiver.port}"


async def test_a_name_that_no_resolver_takes_is_a_failure_like_others(strict: Sender) -> None:
    for host in ("a..test", "a" * 64 + ".test", "xn--"):
        assert (await strict.send(f"http://{host}/", headers={}, body=b"")).error


async def test_no_proxy_of_the_environment_is_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with open_sender(allow_private=True) as sender:
        assert (await sender.send(receiver.url(), headers={}, body=b"")).error is None


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of hooks.test, with its key, that nobody else has signed."""
    file = tmp_path_factory.mktemp("tls") / "hooks.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=hooks.test", "-addext",
         "subjectAltName=DNS:hooks.test", "-keyout", str(file), "-out", str(file) + ".crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


async def test_the_certificate_is_that_of_the_name(certificate: Path) -> None:
    async def here(host: str, port: int) -> list[str]:
        del host, port
        return ["127.0.0.1"]

    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(certificate)
    names = list[str | None]()
    shown.sni_callback = lambda _socket, name, _context: names.append(name)
    trust = ssl.create_default_context(cafile=certificate)
    async with Receiver().open(shown) as receiver:
        async with open_sender(allow_private=True, resolve=here, trust=trust) as sender:
            right = receiver.url("hooks.test", "https")
            assert (await sender.send(right, headers={}, body=b"")).error is None
            dotted = receiver.url("hooks.test.", "https")
            assert (await sender.send(dotted, headers={}, body=b"")).error is None
            wrong = await sender.send(receiver.url("other.test", "https"), headers={}, body=b"")
            assert "certificate" in str(wrong.error).lower()
        async with open_sender(allow_private=True, resolve=here) as sender:
            strange = await sender.send(right, headers={}, body=b"")
            assert "certificate" in str(strange.error).lower()
    assert names == ["hooks.test", "hooks.test", "other.test", "hooks.test"]
    assert len(receiver.received) == 2
