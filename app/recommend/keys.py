"""The Redis keys of recommendations."""

from __future__ import annotations

from app.runtime.redis_keys import redis_key


def user_answers(user_id: str) -> str:
    """Return the key of what a user was recommended: a hash of filters to answers."""
    return redis_key(("recommend", user_id), "answers")


RERANKS = redis_key(("recommend", "model"), "asked")
"""How often a model was asked in the hour that goes on, by all processes; it ends with the hour."""
