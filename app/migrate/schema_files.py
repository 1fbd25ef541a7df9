"""The SQL files of db/: where they are, in which order they apply, and what they hash to."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path

import msgspec

from app.errors import MigrationError

_VERSIONED = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """The folders that make up a database."""

    migrations: Path
    """Versioned: applied once, never edited."""
    continuous_aggregates: Path
    """Versioned, in one number order with `migrations`."""
    functions: Path
    """Replaceable: one folder a schema, one object a file.

    A schema with a file beside its folder, `functions/<schema>.sql`, is made by it and dropped
    before; one without holds tables, and what its files name is replaced in place.
    """
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
    def sha256(self) -> str:
        """Return the hash that an applied file must keep."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Replaceable(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is made again when any of it changed."""

    dropped: list[str]
    """Schemas that are dropped before."""
    kept: list[str]
    """Schemas that hold tables, too."""
    functions: list[SqlFile]
    jobs: list[SqlFile]

    @property
    def in_place(self) -> list[SqlFile]:
        """Return the files of the schemas that are kept."""
        return [file for file in self.functions if Path(file.path).parent.name in self.kept]

    @property
    def from_nothing(self) -> list[SqlFile]:
        """Return the files of the schemas that are dropped."""
        in_place = self.in_place
        return [file for file in self.functions if file not in in_place]

    def sha256(self, *, with_jobs: bool) -> str:
        """Return one hash of all of it, and of whether its jobs can be registered."""
        digest = hashlib.sha256(f"{self.dropped} {self.kept} {with_jobs}".encode())
        for file in [*self.functions, *self.jobs]:
            digest.update(f"\0{file.path}\0{file.text}".encode())
        return digest.hexdigest()


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
    schemas: list[str] = []
    if folders.functions.is_dir():
        schemas = sorted(path.name for path in folders.functions.iterdir() if path.is_dir())
    dropped = [schema for schema in schemas if (folders.functions / f"{schema}.sql").exists()]
    return Replaceable(
        dropped=dropped,
        kept=[schema for schema in schemas if schema not in dropped],
        functions=_read(folders.functions, "*.sql") + _read(folders.functions, "*/*.sql"),
        jobs=_read(folders.jobs, "*.sql"),
    )


def _read(folder: Path, pattern: str) -> list[SqlFile]:
    return [
        SqlFile(path=path.relative_to(folder.parent).as_posix(), text=path.read_text("utf-8"))
        for path in sorted(folder.glob(pattern))
    ]
