"""What an editor can meet."""

from __future__ import annotations

from app.errors import GroundswellError


class UnknownRuleError(GroundswellError):
    """No editorial rule was ever made under this name."""

    slug = "unknown-rule"
    status = 404
    title = "There is no such rule"
    remedy = "Take a name that /admin/rules lists; with over=true it lists those that are over."
