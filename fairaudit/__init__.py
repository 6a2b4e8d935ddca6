"""fairaudit: fairness audits of anything that gives people a score.

>>> import fairaudit as fa
>>> audit = fa.audit(
...     {"race": ["Black", "Black", "White", "White"], "decision": ["pass", "fail", "pass", "fail"],
...      "n": [26, 22, 206, 53]},
...     counts="n", groups="race", decision="decision", favorable="pass", reference={"race": "White"})
>>> audit.result.findings[0].status
'flag'

The map of the house, from the ground up; lower floors never import higher ones:

``errors``       every error raised on purpose
``schema``       roles of columns, labels, data issues, provenance
``cube``         counts of people: the one thing statistics are made of
``metrics``      counts to rates and estimates
``inference``    intervals, tests, draws, power
``policy``       what is measured and where the lines are; presets with dates and sources
``data``         rows in, from files and frames of any kind; the data sets
``models``       training, scorecards, and anything that scores behind one protocol
``explanation``  attributions that add up to the score exactly: trees by a kernel of our own
``alternatives``  is there a less discriminatory model: candidates, three splits, a tested verdict
``systems``      scoring systems of the world as files: points, bands, consequences, ledgers in words
``planning``     step 0 in words, and a dated plan of what will be compared
``result``       what an audit found, as plain records and JSON; ``departing`` holds it against its plan
``measuring``, ``judging``, ``describing``, ``age_line``, ``sentences``   records made of cubes and policies
``report``       records to HTML, Markdown and CSV
``auditing``     ``audit(...)``: ties it together. Read this first
``alike``        counting as somebody else counted, so that cubes of many owners can be merged
``noise``        counts with noise, so that they tell little of any one person
``resolving``, ``audits``   what a call asks for, held against what was counted; an audit that was made
``searching``    ``search_subgroups(...)``: crossings that stand out, confirmed on people not searched
``monitoring``   ``watch(...)``: periods against a baseline, with alarms that hold at every look
``finding_alternatives``  ``search_alternatives(...)``: the facade of ``alternatives``
``from_fairlearn``  a fairlearn MetricFrame as an audit, our metrics as functions for it
``mitigating``   ``train(...)``: a model to audit, plain or with less disparity
``consequences``  ``audit_consequences(...)``: on whom what follows from a score falls, each a decision to audit
``demonstration``  the worked example behind ``fairaudit demo``
``cli``          the command line
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .auditing import audit, count
    from .audits import Audit
    from .consequences import ConsequenceAudit, audit_consequences
    from .cube.cube import Cube
    from .cube.from_counts import from_counts
    from .cube.io import load as load_cube
    from .cube.io import save as save_cube
    from .cube.merging import merge
    from .cube.publish import suppress
    from .data.bundled import dataset_names
    from .data.bundled import describe as describe_dataset
    from .data.bundled import load as load_dataset
    from .errors import FairauditError
    from .explanation.actions import Actions
    from .explanation.attribution import Explainer, Explanation, explain
    from .explanation.composition import compose
    from .explanation.composition_record import Composition
    from .explanation.counted_drivers import bin_counts, drivers_from_counts
    from .explanation.drivers_record import Drivers
    from .explanation.gap_drivers import drivers
    from .explanation.recourse_by_group import RecourseGap, recourse_gap
    from .explanation.recourse_record import Recourse
    from .explanation.seeking_recourse import recourse
    from .explanation.summed_drivers import attribution_sums
    from .finding_alternatives import AlternativeSearch, search_alternatives
    from .from_fairlearn import from_metric_frame, metric_function
    from .mitigating import train
    from .models.loading import load_scorer as load_model
    from .models.saving import save_model
    from .models.scale import PointsScale
    from .models.scorecard import Scorecard
    from .models.training import Trained
    from .models.wrapping import wrap
    from .monitoring import Watch, watch
    from .noise import with_noise
    from .planned_records import StepZero
    from .planning import Plan, make_plan, read_plan
    from .result import Finding, Result, read_result
    from .scoring import with_scores
    from .searching import SubgroupSearch, search_subgroups
    from .systems.point_system import PointSystem

_WHERE = {
    "Actions": ("explanation.actions", "Actions"),
    "AlternativeSearch": ("finding_alternatives", "AlternativeSearch"),
    "Audit": ("audits", "Audit"),
    "Cube": ("cube.cube", "Cube"),
    "ConsequenceAudit": ("consequences", "ConsequenceAudit"),
    "Composition": ("explanation.composition_record", "Composition"),
    "Drivers": ("explanation.drivers_record", "Drivers"),
    "Explainer": ("explanation.attribution", "Explainer"),
    "Explanation": ("explanation.attribution", "Explanation"),
    "FairauditError": ("errors", "FairauditError"),
    "Finding": ("result", "Finding"),
    "Plan": ("planning", "Plan"),
    "PointSystem": ("systems.point_system", "PointSystem"),
    "PointsScale": ("models.scale", "PointsScale"),
    "Recourse": ("explanation.recourse_record", "Recourse"),
    "RecourseGap": ("explanation.recourse_by_group", "RecourseGap"),
    "Result": ("result", "Result"),
    "StepZero": ("planned_records", "StepZero"),
    "Scorecard": ("models.scorecard", "Scorecard"),
    "Trained": ("models.training", "Trained"),
    "train": ("mitigating", "train"),
    "wrap": ("models.wrapping", "wrap"),
    "SubgroupSearch": ("searching", "SubgroupSearch"),
    "audit": ("auditing", "audit"),
    "audit_consequences": ("consequences", "audit_consequences"),
    "bin_counts": ("explanation.counted_drivers", "bin_counts"),
    "compose": ("explanation.composition", "compose"),
    "count": ("auditing", "count"),
    "drivers": ("explanation.gap_drivers", "drivers"),
    "drivers_from_counts": ("explanation.counted_drivers", "drivers_from_counts"),
    "dataset_names": ("data.bundled", "dataset_names"),
    "describe_dataset": ("data.bundled", "describe"),
    "explain": ("explanation.attribution", "explain"),
    "from_counts": ("cube.from_counts", "from_counts"),
    "from_metric_frame": ("from_fairlearn", "from_metric_frame"),
    "metric_function": ("from_fairlearn", "metric_function"),
    "load_cube": ("cube.io", "load"),
    "load_dataset": ("data.bundled", "load"),
    "load_model": ("models.loading", "load_scorer"),
    "make_plan": ("planning", "make_plan"),
    "merge": ("cube.merging", "merge"),
    "read_plan": ("planning", "read_plan"),
    "read_result": ("result", "read_result"),
    "recourse": ("explanation.seeking_recourse", "recourse"),
    "recourse_gap": ("explanation.recourse_by_group", "recourse_gap"),
    "save_cube": ("cube.io", "save"),
    "save_model": ("models.saving", "save_model"),
    "search_alternatives": ("finding_alternatives", "search_alternatives"),
    "search_subgroups": ("searching", "search_subgroups"),
    "attribution_sums": ("explanation.summed_drivers", "attribution_sums"),
    "with_scores": ("scoring", "with_scores"),
    "Watch": ("monitoring", "Watch"),
    "watch": ("monitoring", "watch"),
    "with_noise": ("noise", "with_noise"),
    "suppress": ("cube.publish", "suppress"),
}
"""Public name -> where it lives: loaded when first used, so that importing the package costs nothing."""

__all__ = [
    "Actions",
    "AlternativeSearch",
    "Audit",
    "Composition",
    "ConsequenceAudit",
    "Cube",
    "Drivers",
    "Explainer",
    "Explanation",
    "FairauditError",
    "Finding",
    "Plan",
    "PointSystem",
    "PointsScale",
    "Recourse",
    "RecourseGap",
    "Result",
    "Scorecard",
    "StepZero",
    "SubgroupSearch",
    "Trained",
    "Watch",
    "__version__",
    "attribution_sums",
    "audit",
    "audit_consequences",
    "bin_counts",
    "compose",
    "count",
    "dataset_names",
    "describe_dataset",
    "drivers",
    "drivers_from_counts",
    "explain",
    "from_counts",
    "from_metric_frame",
    "load_cube",
    "load_dataset",
    "load_model",
    "make_plan",
    "merge",
    "metric_function",
    "read_plan",
    "read_result",
    "recourse",
    "recourse_gap",
    "save_cube",
    "save_model",
    "search_alternatives",
    "search_subgroups",
    "suppress",
    "train",
    "watch",
    "with_noise",
    "with_scores",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        message = f"module 'fairaudit' has no attribute '{name}'"
        raise AttributeError(message)
    module, inside = _WHERE[name]
    return getattr(import_module(f".{module}", __name__), inside)


def __dir__() -> list[str]:
    return sorted(__all__)
