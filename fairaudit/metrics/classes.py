"""Who is put into which class, where decisions are more than yes and no."""

from __future__ import annotations

from .base import measure

_RULE = "6 RCNY 5-301(b)(4) (New York City, Local Law 144)"

measure(
    id="class_rate",
    title="Share put into a class",
    plain="Share of a group that a recorded decision puts into one class, such as a tier or a style.",
    formula="people of the group in the class / people of the group in any class that is not excluded",
    reading="From 0 to 1; over all classes a group's shares add up to 1. Whether a class is good is not said.",
    undefined_when="nobody of the group was put into a class",
    source=_RULE,
    topic="classes",
    about="a share of people in one group",
    aliases=("classification rate", "assignment rate"),
    checked_against=("rows counted by numpy",),
)
measure(
    id="class_impact_ratio",
    title="Impact ratio of a class",
    plain="Share of a group put into a class, divided by the share of the group compared with.",
    formula="share of the group put into the class / share of the reference put into the class",
    reading=(
        "1 means no difference. Where the policy compares with the highest rate, that group is found for each class "
        "anew, and intervals and p-values allow for it."
    ),
    undefined_when="nobody is in the class in either, or one of the two has nobody in any class",
    source=_RULE,
    topic="classes",
    aliases=("impact ratio of a classification",),
    checked_against=("rows counted by numpy",),
)
