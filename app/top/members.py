"""Members of top lists: of equal counts, the greater member comes first (ZREVRANGE)."""

from __future__ import annotations

from app.top.queries import TopListCounts

_HIGHEST_ID = 2**63 - 1
_INVERTED = str.maketrans("0123456789abcdef", "fedcba9876543210")
_END = "g"
"""Greater than every hexadecimal digit."""


def item_member(item_id: int) -> str:
    """Return an item's member: of equal counts, the older item has the greater member."""
    return f"{_HIGHEST_ID - item_id:019}"


def item_of(member: str) -> int:
    """Return the item that a member is."""
    return _HIGHEST_ID - int(member)


def name_member(name: str) -> str:
    """Return a creator's or category's member: the name that sorts first has the greater one."""
    return name.encode().hex().translate(_INVERTED) + _END


def name_of(member: str) -> str:
    """Return the name that a member is."""
    return bytes.fromhex(member.removesuffix(_END).translate(_INVERTED)).decode()


def members_of(counted: TopListCounts) -> list[tuple[str, float]]:
    """Return who was counted, as members with their counts."""
    return [
        (name_member(name or "") if item_id is None else item_member(item_id), count)
        for item_id, name, count in zip(
            counted.item_ids or [], counted.names or [], counted.counts or [], strict=True
        )
    ]
