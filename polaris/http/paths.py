"""The names in paths."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from polaris.model import DOMAIN, Actor, Name


class _Path(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InProject(_Path):
    p: Name


class InSession(InProject):
    s: Name


class OfDelivery(InProject):
    id: UUID


class OfAnnotation(InProject):
    seq: int = Field(ge=0, le=2**63 - 1)


class OfCommit(_Path):
    # The pattern is for readers of the document: what does not fit it, the database refuses in better words.
    sha: str = Field(max_length=200, json_schema_extra={"pattern": "^[0-9A-Fa-f]{4,64}$"})


class OfRequest(InSession):
    seq: int = Field(ge=1, le=2**63 - 1)


class OfToken(_Path):
    id: int = Field(ge=0, le=2**63 - 1)


class OfMember(_Path):
    handle: Name


class OfInvite(_Path):
    id: int = Field(ge=0, le=2**63 - 1)


class OfHold(_Path):
    id: int = Field(ge=0, le=2**63 - 1)


class OfDomain(_Path):
    domain: str = Field(max_length=253, pattern=DOMAIN)


class OfProjectMember(InProject):
    actor: Actor
