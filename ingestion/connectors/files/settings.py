"""Settings of one connection that reads files: a folder, and which files in it hold which entity.

Mappings are told in the words of the contract first: `columns: {score: rating}` takes `score` from the file's
column `rating`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from ingestion.connectors.files.contract import DATED_AT, SOURCE_ID, Entity, entities
from ingestion.settings import BaseConnectionSettings, TimeZone, beside_settings
from ingestion.settings_file import nearest

EXAMPLE = """\
- name: acme-files
  connector: files
  folder: /srv/exports
  files:
    - entity: survey_responses
      path: surveys/*.csv
      columns: {score: rating, answered_at: submitted}
      constants: {kind: csat}
      key: [respondent, submitted]
      time_zone: Europe/Berlin
    - entity: customer_accounts
      path: customers.parquet
"""

FORMATS = (".csv", ".csv.gz", ".jsonl", ".ndjson", ".jsonl.gz", ".parquet")

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Scalar = bool | int | float | datetime | date | str


def _folder(value: object, info: ValidationInfo) -> object:
    return beside_settings(value, info) if isinstance(value, str) else value


class FileSource(BaseModel):
    """Files that hold rows of one canonical entity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: Annotated[Text, Field(description="Canonical relation that the rows belong to.")]
    path: Annotated[Text, Field(description="Path or pattern below the folder, such as surveys/*.csv.")]
    columns: Annotated[
        dict[Text, Text],
        Field(description="Column of the contract: column of the file, where they are called differently."),
    ] = {}
    constants: Annotated[
        dict[Text, Scalar], Field(description="Column of the contract: value that all rows have.")
    ] = {}
    key: Annotated[
        tuple[Text, ...],
        Field(description="Columns of the file that make up source_id, where the rows bear no id."),
    ] = ()
    date_column: Annotated[
        Text | None,
        Field(description="Column of the file by which the latest of several rows with one id counts."),
    ] = None
    time_zone: Annotated[
        TimeZone | None, Field(description="Zone of times that bear no offset; without it they are refused.")
    ] = None

    @model_validator(mode="after")
    def _fits_the_contract(self) -> FileSource:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        if self.entity not in entities():
            yield f"{self.entity} is no canonical entity; {nearest(self.entity, entities())}"
            return
        known = {column.name for column in self.contract.columns}
        for column in [*self.columns, *self.constants]:
            if column not in known:
                yield f"{self.entity} has no column {column}; {nearest(column, known)}"
        for column in sorted(self.columns.keys() & self.constants.keys()):
            yield f"{column} is given under columns and constants; give it once"
        if self.key and SOURCE_ID in {*self.columns, *self.constants}:
            yield "source_id is given under columns or constants, and key; give it once"
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts:
            yield f"{self.path} leads out of the folder; give a path below it"
        if not self.path.endswith(FORMATS):
            yield f"{self.path} is of no known format; end it with one of {', '.join(FORMATS)}"

    @property
    def contract(self) -> Entity:
        """What the contract asks of the rows."""
        return entities()[self.entity]

    def column_of(self, name: str) -> str:
        """The file's column that a column of the contract is taken from."""
        return self.columns.get(name, name)

    @property
    def used_columns(self) -> set[str]:
        """Columns that are read of the file, where it has them."""
        taken = {self.column_of(column.name) for column in self.contract.columns}
        return {*taken, *self.key, *([self.date_column] if self.date_column else [])} - {DATED_AT}


class FilesSettings(BaseConnectionSettings):
    """A folder with files of canonical entities."""

    folder: Annotated[
        Path,
        BeforeValidator(_folder),
        Field(description="Folder of the files; a relative one lies beside flowgauge.yaml."),
    ]
    files: Annotated[tuple[FileSource, ...], Field(min_length=1)]
