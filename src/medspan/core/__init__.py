"""The types that every room shares. They hold data and check it; they do nothing else."""

from medspan.core.document import (
    NO_CONCEPT,
    UNKNOWN_TYPE,
    Annotation,
    Concept,
    Document,
    Endpoint,
    Mention,
    Relation,
    Segment,
    UnalignedMention,
)
from medspan.core.errors import ConfigError, InputError, MedspanError, ModelError, Place
from medspan.core.example import Example
from medspan.core.finding import SEVERITIES, Case, Finding, Severity
from medspan.core.run_record import RunRecord
from medspan.core.schema import RelationType, Schema

__all__ = [
    "NO_CONCEPT",
    "SEVERITIES",
    "UNKNOWN_TYPE",
    "Annotation",
    "Case",
    "Concept",
    "ConfigError",
    "Document",
    "Endpoint",
    "Example",
    "Finding",
    "InputError",
    "MedspanError",
    "Mention",
    "ModelError",
    "Place",
    "Relation",
    "RelationType",
    "RunRecord",
    "Schema",
    "Segment",
    "Severity",
    "UnalignedMention",
]
