"""The words of an audit: roles of columns, labels, data issues and where the counts came from."""

from .issues import DataIssue
from .labels import MISSING, label
from .provenance import InputFile, Ledger, Part, Provenance
from .roles import Attribute, DecisionKind, Schema, declare

__all__ = [
    "MISSING",
    "Attribute",
    "DataIssue",
    "DecisionKind",
    "InputFile",
    "Ledger",
    "Part",
    "Provenance",
    "Schema",
    "declare",
    "label",
]
