"""Parameters of all routes: what a route declares is what it takes, and nothing else.

A route declares its parameters with their types, bounds and defaults; Litestar converts them, and
the OpenAPI document shows them. This module sees to what Litestar lets pass: names that no route
knows, what comes twice, ids in paths, and to errors that name the parameter and what it may be.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin
from urllib.parse import unquote, unquote_to_bytes

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import ParameterKwarg, PathParameter, QueryParameter
from litestar.typing import FieldDefinition
from msgspec import Meta

from app.errors import BadRequestError

ENCODED_PATH = "groundswell_encoded_path"
"""Set in a request's state where the path that is routed is still percent-encoded."""
MAX_NAME = 200
"""Longest name of an item, type, category, creator or user."""
MAX_LIMIT = 100
DEFAULT_TYPE = "video"
IN_QUERY = "-"
"""Stands in a path in the place of an id that `?contentId=` names."""
ID_PARAMETER = "contentId"
ANY_PARAMETER = "any_parameter"
"""In the `opt` of a route that probes and links may decorate with parameters of their own."""
KEY_PARAMETER = "key"
"""A public key may be in every address."""

ContentId = Annotated[
    str,
    PathParameter(
        min_length=1,
        max_length=MAX_NAME,
        description="Id of the item, percent-encoded. Where an id cannot stand in a path, put `-` "
        "here and the id into `?contentId=`.",
    ),
]
ContentType = Annotated[
    str,
    QueryParameter(
        name="contentType",
        min_length=1,
        max_length=MAX_NAME,
        description="Type of the item.",
    ),
]
OptionalContentType = Annotated[
    str | None,
    QueryParameter(
        name="contentType", min_length=1, max_length=MAX_NAME, description="Only this type."
    ),
]
OptionalCategory = Annotated[
    str | None,
    QueryParameter(
        name="category", min_length=1, max_length=MAX_NAME, description="Only this category."
    ),
]
RankingName = Annotated[
    str,
    PathParameter(min_length=1, max_length=MAX_NAME, description="Name of the ranking."),
]
PageLimit = Annotated[
    int, QueryParameter(name="limit", ge=1, le=MAX_LIMIT, description="How many to return.")
]
PageCursor = Annotated[
    str | None, QueryParameter(name="cursor", description="`nextCursor` of the page before.")
]

AnyConnection = ASGIConnection[Any, Any, Any, Any]

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL has no U+0000, and broken UTF-8 arrives as lone surrogates."""
_WRONG_CHOICE = re.compile("Invalid enum value '(.*)'", re.DOTALL)
"""Tells which of several values the converter means."""
_NUMBER = re.compile(r"-?[0-9]{1,30}", re.ASCII)
_WORD = re.compile(r"_([a-z])")


class Declared(NamedTuple):
    """What a route takes in the query."""

    names: frozenset[str]
    repeatable: frozenset[str]
    numbers: dict[str, str]
    """Arguments by the names of whole numbers."""


async def check_parameters(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Be the guard of all routes.

    Raises `BadRequestError` for a parameter that the route does not know, or that comes twice, and
    for a text that cannot be stored; each names the parameter. Ids in the path are decoded here.
    """
    path: dict[str, Any] = connection.scope["path_params"]
    if path:
        path = {name: _decoded(connection, name, value) for name, value in path.items()}
        connection.scope["path_params"] = path
    if connection.scope["query_string"]:
        takes_id = "content_id" in path
        _check_query(connection, handler, takes_id=takes_id)
        if takes_id and ID_PARAMETER in connection.query_params:
            if path["content_id"] != IN_QUERY:
                raise BadRequestError(
                    f"{ID_PARAMETER}: stands in the path, too; write {IN_QUERY} in its place there"
                )
            path["content_id"] = connection.query_params[ID_PARAMETER]


def _check_query(connection: AnyConnection, handler: BaseRouteHandler, *, takes_id: bool) -> None:
    declared = declared_of(handler)
    known = declared.names | ({ID_PARAMETER} if takes_id else frozenset())
    # What is no part of the API, such as a page, is reached by links that others decorate.
    is_page = isinstance(handler, HTTPRouteHandler) and handler.include_in_schema is False
    is_page = is_page or handler.opt.get(ANY_PARAMETER, False)
    given = connection.query_params
    check_encoding(connection.scope["query_string"])
    for name in set(given):
        if name not in known and name != KEY_PARAMETER and not is_page:
            raise unknown(name, known)
        values = given.getall(name)
        if len(values) > 1 and name not in declared.repeatable and not is_page:
            raise BadRequestError(f"{name[:100]}: came {len(values)} times; send it once")
        for value in values:
            check_text(name, value)
            if name in declared.numbers and not _NUMBER.fullmatch(value):
                # The converter would take 5.0 and 1e1, too.
                raise BadRequestError(fault_of(handler, declared.numbers[name], value, ""))


@lru_cache(maxsize=1024)
def declared_of(handler: BaseRouteHandler) -> Declared:
    """Return the query parameters that a route declares."""
    found = {
        name: field
        for name, field in map(_named, handler.parsed_fn_signature.parameters.items())
        if isinstance(field.kwarg_definition, QueryParameter)
    }
    repeatable = (name for name, field in found.items() if _is_list(field))
    parameters = handler.parsed_fn_signature.parameters.items()
    numbers = {
        name: argument
        for argument, field in parameters
        if (name := _named((argument, field))[0]) in found and int in _kinds(field.annotation)
    }
    return Declared(frozenset(found), frozenset(repeatable), numbers)


def unknown(name: str, known: Iterable[str]) -> BadRequestError:
    """Return the error for a parameter that a route does not know, and the nearest that it does."""
    names = sorted(known)
    near = difflib.get_close_matches(name[:50], names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
    return BadRequestError(
        f"{name[:100]}: no such parameter; {hint if names else 'this route takes none'}"
    )


def check_text(name: str, text: str) -> None:
    """Raise `BadRequestError` for a text that cannot be stored, naming its parameter."""
    if _UNSTORABLE.search(text):
        raise BadRequestError(f"{name[:100]}: has a character that no name can have")


def check_encoding(query: bytes) -> None:
    """Raise `BadRequestError` for a parameter that is not UTF-8, naming it.

    Litestar reads broken bytes as U+FFFD, which would be asked for as if it were a name.
    """
    if b"%" not in query:
        return
    for name, _, value in (part.partition(b"=") for part in query.split(b"&")):
        try:
            unquote_to_bytes(value).decode()
        except UnicodeDecodeError as error:
            shown = unquote_to_bytes(name).decode(errors="replace")
            raise BadRequestError(f"{shown[:100]}: is not UTF-8") from error


def fault_of(handler: BaseRouteHandler, field: str, text: str | None, message: str) -> str:
    """Return what is wrong with a parameter, in terms of what its route declares.

    `field` is the handler's argument, `message` the converter's, for what needs no better words.
    """
    name = name_of(handler, field)
    definition = handler.parsed_fn_signature.parameters.get(field.partition(".")[0])
    if definition is None:
        return f"{name}: {message}"
    shown = "" if text is None else repr(text[:100])
    kinds = [kind for kind in _kinds(definition.annotation) if kind is not type(None)]
    of_each = [meta for kind in kinds if get_origin(kind) is list for meta in get_args(kind)]
    choices = [value for kind in (*of_each, *kinds) for value in get_args(kind)]
    choices = [choice for choice in choices if isinstance(choice, str)]
    bounds = definition.kwarg_definition
    if choices:
        wrong = _WRONG_CHOICE.search(message) if of_each else None
        shown = repr(wrong[1][:100]) if wrong else shown
        several = "; repeat the parameter for several" if of_each else ""
        return f"{name}: {shown} is none of {', '.join(choices)}{several}"
    if bool in kinds:
        return f"{name}: {shown} is neither true nor false (1 and 0 will do)"
    if int in kinds and isinstance(bounds, ParameterKwarg):
        least, most = bounds.ge, bounds.le
        within = (
            f" from {int(least)} to {int(most)}" if least is not None and most is not None else ""
        )
        return f"{name}: {shown} is no whole number{within}"
    for limits in (bounds, *(meta for each in of_each for meta in get_args(each))):
        if isinstance(limits, ParameterKwarg | Meta) and limits.max_length and bool not in kinds:
            message = f"use {limits.min_length or 0} to {limits.max_length} characters"
    return f"{name}: {message}"


def name_of(handler: BaseRouteHandler, field: str) -> str:
    """Return what callers call an argument of a route."""
    argument = field.partition(".")[0]
    definition = handler.parsed_fn_signature.parameters.get(argument)
    return public_name(argument) if definition is None else _named((argument, definition))[0]


def _decoded(connection: AnyConnection, name: str, value: Any) -> Any:  # noqa: ANN401  # any type
    if not isinstance(value, str):
        return value
    if connection.scope["state"].get(ENCODED_PATH):
        try:
            value = unquote(value, errors="strict")
        except UnicodeDecodeError as error:
            raise BadRequestError(f"{public_name(name)}: is not UTF-8") from error
    check_text(public_name(name), value)
    return value


def public_name(name: str) -> str:
    """Return what callers call an argument: `contentId` for `content_id`."""
    return _WORD.sub(lambda match: match[1].upper(), name)


def _named(item: tuple[str, FieldDefinition]) -> tuple[str, FieldDefinition]:
    name, field = item
    kwarg = field.kwarg_definition
    alias = kwarg.name if isinstance(kwarg, ParameterKwarg) else None
    return alias or public_name(name), field


def _kinds(annotation: Any) -> list[Any]:  # noqa: ANN401  # any annotation
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if type(annotation).__name__ in {"UnionType", "_UnionGenericAlias"}:
        return [kind for part in get_args(annotation) for kind in _kinds(part)]
    return [annotation]


def _is_list(field: FieldDefinition) -> bool:
    return any(get_origin(kind) is list for kind in _kinds(field.annotation))
