"""Signatures, checked by the code that docs/api.md gives to those who receive them."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.alerts.signature import new_secret, signed_headers
from app.embedded.node import find_node

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
BODY = '{"id": "alert_1", "item": {"title": "Größe"}}'.encode()
Check = Callable[[dict[str, str], bytes, str], bool]


def python_check(tmp_path: Path) -> Check:
    del tmp_path
    (code,) = re.findall(r"```python\n((?:(?!```).)*?def is_genuine.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    check: Check = names["is_genuine"]
    return check


def javascript_check(tmp_path: Path) -> Check:
    (code,) = re.findall(r"```js\n((?:(?!```).)*?isGenuine.*?)```", PAGE, re.DOTALL)
    (tmp_path / "genuine.mjs").write_text(code)
    (tmp_path / "main.mjs").write_text(
        "import { isGenuine } from './genuine.mjs'\n"
        "const [headers, body, secret] = JSON.parse(process.argv[2])\n"
        "console.log(isGenuine(headers, Buffer.from(body, 'hex'), secret))\n"
    )

    def check(headers: dict[str, str], body: bytes, secret: str) -> bool:
        given = json.dumps([headers, body.hex(), secret])
        ran = subprocess.run(
            [*find_node().node, str(tmp_path / "main.mjs"), given],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return bool(json.loads(ran.stdout))

    return check


@pytest.mark.parametrize("language", [python_check, javascript_check])
def test_the_code_of_the_reference_tells_genuine_from_forged(
    tmp_path: Path, language: Callable[[Path], Check]
) -> None:
    check, secret, older = language(tmp_path), new_secret(), new_secret()
    now = int(time.time())
    sent = signed_headers([secret, older], message_id="alert_1", timestamp=now, body=BODY)
    assert check(sent, BODY, secret)
    assert check(sent, BODY, older)
    assert not check(sent, BODY, new_secret())
    assert not check(sent, BODY + b" ", secret)
    assert not check({**sent, "webhook-id": "alert_2"}, BODY, secret)
    assert not check({**sent, "webhook-signature": "v1,"}, BODY, secret)
    assert not check({**sent, "webhook-timestamp": str(now - 1)}, BODY, secret)
    old = signed_headers([secret], message_id="alert_1", timestamp=now - 400, body=BODY)
    assert not check(old, BODY, secret)


def test_a_signature_is_what_the_specification_says() -> None:
    """Worked out by hand: openssl dgst -sha256 -mac HMAC over id.timestamp.body."""
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
