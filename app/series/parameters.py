"""The parameters that series, totals and breakdowns have in common."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter
from msgspec import Meta

from app.http.parameters import MAX_NAME
from app.series.period import Compare
from app.series.wire import Metric

_Filter = Annotated[str, Meta(min_length=1, max_length=MAX_NAME + 1)]
_RULE = "may be repeated. `!name` leaves one out; `=name` is exactly that name."

ContentIds = Annotated[
    list[_Filter] | None,
    QueryParameter(
        name="contentId", description=f"Only the item of this id and of `contentType`; {_RULE}"
    ),
]
ContentTypes = Annotated[
    list[_Filter] | None,
    QueryParameter(
        name="contentType",
        description=f"Only items of this type; with `contentId` one type, `video` if none; {_RULE}",
    ),
]
Categories = Annotated[
    list[_Filter] | None,
    QueryParameter(name="category", description=f"Only items of this category; {_RULE}"),
]
Creators = Annotated[
    list[_Filter] | None,
    QueryParameter(name="creator", description=f"Only items of this creator; {_RULE}"),
]
MetadataValues = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=2 * MAX_NAME)]] | None,
    QueryParameter(
        name="metadata",
        description="Only events with this value of a declared key, such as `device:phone`; may be "
        "repeated, for one key. `!device:phone` leaves one out.",
    ),
]
From = Annotated[
    str | None,
    QueryParameter(
        name="from",
        description="First moment, a time with a zone or a day (its first moment in `tz`).",
    ),
]
To = Annotated[
    str | None,
    QueryParameter(name="to", description="First moment after it, as `from`; now, where absent."),
]
Zone = Annotated[
    str | None,
    QueryParameter(
        name="tz",
        description="IANA time zone whose days, weeks and months are meant; the service's own, "
        "where absent. The answer says which.",
    ),
]
MetricList = Annotated[
    list[Metric] | None,
    QueryParameter(
        name="metrics",
        description="Which counts; may be repeated. All but `uniqueViewers`, if none.",
    ),
]
Comparison = Annotated[
    Compare | None,
    QueryParameter(
        name="compare",
        description="Also the same counts of as much time just before, or of a year earlier.",
    ),
]
