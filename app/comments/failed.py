"""Why a text could not be translated."""

from __future__ import annotations


class TranslationError(Exception):
    """A try has failed; another may not.

    `retry_after` is in seconds, where the provider said. `is_of_text`: it says nothing of whether
    the provider works, such as of languages that it does not know.
    """

    def __init__(
        self, why: str, *, retry_after: float | None = None, is_of_text: bool = False
    ) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.is_of_text = is_of_text
