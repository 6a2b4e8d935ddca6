"""One page a metric, made from the metric itself, so that page and product cannot say different things."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from .base import CONTRASTS, MEASURES, METRICS, Contrast, Measure, Metric


class Described(Protocol):
    """What every entry of a catalogue says of itself."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def plain(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def undefined_when(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def checked_against(self) -> tuple[str, ...]: ...


KINDS = {
    "count": "a number of people in one group",
    "rate": "a share of people in one group",
    "average": "the mean of two shares of people in one group",
    "median": "a share of people in one group, held against the median score of everybody",
    "estimate": "a number about the scores of one group",
    "bands": "a share of people in one group, a value for each score band",
}


def catalogue() -> dict[str, Described]:
    """Return every entry of every catalogue by id, in the order in which they are declared.

    Examples
    --------
    >>> "adverse_impact_ratio" in catalogue()
    True
    """
    return {item.id: item for entries in _registries() for item in entries}


def _registries() -> Iterable[Iterable[Described]]:
    yield METRICS.values()
    yield CONTRASTS.values()
    yield MEASURES.values()


def page(item: Described) -> str:
    """Return the page of one metric as Markdown: words, formula, how to read it, undefined when, source, checks.

    Examples
    --------
    >>> print(page(CONTRASTS["adverse_impact_ratio"]).splitlines()[0])
    # Adverse impact ratio
    """
    parts = [
        f"# {item.title}",
        f"`{item.id}`: {kind(item)}.",
        item.plain,
        f"**Formula.** {item.formula}",
        f"**How to read it.** {reading(item)}",
        f"**Undefined when** {item.undefined_when}. It is then left undefined, with this reason, and never 0.",
    ]
    if needs := getattr(item, "needs", None):
        parts.append(f"**Needs** {_listed(sorted(needs))}.")
    parts.append(f"**Source.** {item.source}.")
    if item.checked_against:
        parts.append(f"**Checked against** {'; '.join(item.checked_against)}.")
    if item.aliases:
        parts.append(f"**Elsewhere called** {', '.join(item.aliases)}.")
    return "\n\n".join(parts) + "\n"


def kind(item: Described) -> str:
    """Return what sort of number an entry is, in words."""
    if isinstance(item, Metric):
        return KINDS[item.kind]
    if isinstance(item, Contrast):
        return f"a comparison of a group with its reference ({item.how.replace('_', ' ')})"
    return item.about if isinstance(item, Measure) else "a number"


def reading(item: Any) -> str:
    """Return how to read a number: where it can lie, what means no difference, which side is worse for the group."""
    if isinstance(item, Metric):
        low, high = item.range
        span = "Any number" if high == float("inf") else f"From {low:g} to {high:g}"
        side = {
            "higher": "higher is better for the group",
            "lower": "lower is better for the group",
            "neither": "neither side is better by itself",
        }[item.better]
        return f"{span}; {side}."
    if isinstance(item, Contrast):
        side = {
            "below": f"below {item.neutral:g} the group is worse off than its reference",
            "above": f"above {item.neutral:g} the group is worse off than its reference",
            "either": "neither side is worse by itself",
        }[item.adverse]
        return f"{item.neutral:g} means no difference; {side}. Read the interval, never the number alone."
    return str(item.reading)


def index(items: Iterable[Described]) -> str:
    """Return the list of all pages as Markdown."""
    items = tuple(items)
    rows = [f"| [{item.title}]({item.id}.md) | `{item.id}` | {item.plain} |" for item in items]
    called: dict[str, list[str]] = {}
    for item in items:
        for name in item.aliases:
            called.setdefault(name, []).append(f"[{item.title}]({item.id}.md)")
    names = [f"| {name} | {'; '.join(called[name])} |" for name in sorted(called, key=str.casefold)]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Each page is made from the metric itself by `make metrics`.",
            "",
            "| metric | id | in words |",
            "| --- | --- | --- |",
            *rows,
            "",
            "## Names used elsewhere",
            "",
            "| elsewhere | here |",
            "| --- | --- |",
            *names,
            "",
        ]
    )


def pages() -> dict[str, str]:
    """Return all pages by file name, the index among them."""
    items = catalogue()
    made = {f"{name}.md": page(item) for name, item in items.items()}
    return {"README.md": index(items.values()), **made}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
