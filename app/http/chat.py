"""A language model behind the route `/chat/completions` of OpenAI's API, whoever serves it."""

from __future__ import annotations

import httpx
import msgspec

from app.http.asking import ProviderError, asked


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class Chat:
    """Any server of that form; `base` is its URL up to the version, such as `https://…/v1`."""

    def __init__(self, client: httpx.AsyncClient, base: str, key: str | None, model: str) -> None:
        self._client = client
        self._url = f"{base.rstrip('/')}/chat/completions"
        self._headers = {} if key is None else {"authorization": f"Bearer {key}"}
        self._model = model

    async def answer(self, instruction: str, message: str) -> str:
        """Return what the model answers to a message; raises `ProviderError`.

        What it may not be told, and how long it may take, is the caller's to see to.
        """
        wanted = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": instruction},
                {"role": "user", "content": message},
            ],
        }
        found = await asked(self._client, self._url, wanted, _Completion, self._headers)
        if not found.choices or found.choices[0].finish_reason not in {None, "stop"}:
            raise ProviderError("the answer is not complete", is_cut=True)
        return found.choices[0].message.content
