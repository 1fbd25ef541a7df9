"""Translating with Apertium, which needs no network: Debian has it, and pairs of languages."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from app.comments.failed import TranslationError

# Apertium's names of what the model calls by ISO 639-1.
_THREE_LETTERS = {
    "af": "afr", "an": "arg", "be": "bel", "bg": "bul", "br": "bre", "ca": "cat", "cy": "cym",
    "da": "dan", "de": "deu", "en": "eng", "eo": "epo", "es": "spa", "eu": "eus", "fr": "fra",
    "gl": "glg", "hi": "hin", "id": "ind", "is": "isl", "it": "ita", "kk": "kaz", "mk": "mkd",
    "ms": "zlm", "nb": "nob", "nl": "nld", "nn": "nno", "no": "nob", "oc": "oci", "pl": "pol",
    "pt": "por", "ro": "ron", "ru": "rus", "sc": "srd", "sh": "hbs", "sl": "slv", "sv": "swe",
    "tr": "tur", "tt": "tat", "uk": "ukr", "ur": "urd",
}  # fmt: skip


def is_there(source: str, target: str) -> bool:
    """Tell whether this machine can translate from one language into the other."""
    return _mode(source, target) is not None


class Apertium:
    """Runs `apertium`; each text is a process of its own, which ends with its time."""

    async def translate(self, text: str, *, source: str, target: str) -> str:
        """Translate as the protocol of providers says."""
        mode = _mode(source, target)
        if mode is None:
            raise TranslationError(f"apertium has no pair {source}-{target} here", is_of_text=True)
        process = await asyncio.create_subprocess_exec(
            "apertium",
            "-u",
            mode,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # It is a shell that starts others: all of them end together.
            start_new_session=True,
        )
        try:
            out, _ = await process.communicate(text.encode())
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            raise TranslationError(f"apertium ended with {process.returncode}")
        return out.decode(errors="replace")


@lru_cache(maxsize=1_000)
def _mode(source: str, target: str) -> str | None:
    """Return Apertium's name of a pair, None for one that is not installed."""
    if shutil.which("apertium") is None:
        return None
    modes = Path(os.environ.get("APERTIUM_DATADIR", "/usr/share/apertium")) / "modes"
    for first in {_THREE_LETTERS.get(source, source), source}:
        for second in {_THREE_LETTERS.get(target, target), target}:
            if (modes / f"{first}-{second}.mode").is_file():
                return f"{first}-{second}"
    return None
