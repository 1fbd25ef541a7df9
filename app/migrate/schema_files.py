"""The SQL files of db/: where they are, in which order they apply, and what they hash to."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path

import msgspec

from app.errors import MigrationError

_NAME = re.compile(r"\b(?:api|core)\.[a-z0-9_]+")
_UNREAD = re.compile(r"--[^\n]*|as \$\$.*?\$\$|'(?:[^']|'')*'", re.DOTALL)
"""Comments, bodies that PostgreSQL looks into only when they are called, and texts."""

_VERSIONED = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """The folders that make up a database."""

    migrations: Path
    """Versioned: applied once, never edited."""
    continuous_aggregates: Path
    """Versioned, in one number order with `migrations`."""
    functions: Path
    """Replaceable: one folder a schema, one object a file."""
    jobs: Path
    """Replaceable: one pg_cron job a file."""

    @classmethod
    def under(cls, root: Path) -> Folders:
        """Return the folders as they are laid out under `root`."""
        return cls(
            migrations=root / "migrations",
            continuous_aggregates=root / "continuous_aggregates",
            functions=root / "functions",
            jobs=root / "jobs",
        )


PROJECT = Folders.under(Path(__file__).parents[2] / "db")
"""Groundswell's own db/."""


class SqlFile(msgspec.Struct, frozen=True, kw_only=True):
    """One SQL file."""

    path: str
    """Its folder and name, as in `migrations/0001_schemas.sql`."""
    text: str

    @property
    def version(self) -> str:
        """Return the four digits a versioned file begins with."""
        return Path(self.path).name[:4]

    @property
    def is_compatible(self) -> bool:
        """Return whether the version before can work with what a versioned file does."""
        return re.search(r"^-- (.*\s)?Compatible: \S", self.text, re.MULTILINE) is not None

    @property
    def sha256(self) -> str:
        """Return the hash that an applied file must keep."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Replaceable(msgspec.Struct, frozen=True, kw_only=True):
    """What is made again, in place, where it changed."""

    functions: list[SqlFile]
    jobs: list[SqlFile]

    @property
    def in_api(self) -> list[SqlFile]:
        """Return the files of schema api, and what makes the schema."""
        return [file for file in self.functions if "/api" in file.path]

    @property
    def in_place(self) -> list[SqlFile]:
        """Return the files of the schemas that hold tables, too."""
        return [file for file in self.functions if "/api" not in file.path]


def read_versioned(folders: Folders) -> list[SqlFile]:
    """Return the versioned files of both folders in the order they apply.

    Raises `MigrationError` for a missing folder, a wrong name, and a number used twice.
    """
    if not folders.migrations.is_dir():
        raise MigrationError(f"there is no folder {folders.migrations}: run this in the checkout")
    files = _read(folders.migrations, "*.sql") + _read(folders.continuous_aggregates, "*.sql")
    files.sort(key=lambda file: Path(file.path).name)
    for file in files:
        if not _VERSIONED.fullmatch(Path(file.path).name):
            raise MigrationError(f"{file.path} should be named like 0012_what_it_adds.sql")
    for one, other in itertools.pairwise(files):
        if one.version == other.version:
            raise MigrationError(f"{one.path} and {other.path} have the same number")
    return files


def read_replaceable(folders: Folders) -> Replaceable:
    """Return the replaceable files, sorted by name."""
    files = _read(folders.functions, "*.sql") + _read(folders.functions, "*/*.sql")
    return Replaceable(
        functions=_in_order(files),
        jobs=_read(folders.jobs, "*.sql"),
    )


def _in_order(files: list[SqlFile]) -> list[SqlFile]:
    """Return `files`, each after those that it needs to be there when it is applied."""
    by_name = {".".join(Path(file.path).with_suffix("").parts[-2:]): file for file in files}
    ordered: dict[str, SqlFile] = {}

    def place(file: SqlFile, above: frozenset[str]) -> None:
        if file.path in ordered or file.path in above:
            return
        for name in sorted(set(_NAME.findall(_UNREAD.sub("", file.text)))):
            if name in by_name:
                place(by_name[name], above | {file.path})
        ordered[file.path] = file

    for file in files:
        place(file, frozenset())
    return list(ordered.values())


def _read(folder: Path, pattern: str) -> list[SqlFile]:
    return [
        SqlFile(path=path.relative_to(folder.parent).as_posix(), text=path.read_text("utf-8"))
        for path in sorted(folder.glob(pattern))
    ]
