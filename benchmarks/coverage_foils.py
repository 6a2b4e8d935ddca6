"""What others print for a gap between groups: fairlearn's interval, and a naive bootstrap of max - min."""

import fairlearn.metrics
import numpy as np
import pandas as pd
from saving import table

from fairaudit.inference.bootstrap import draw_counts
from fairaudit.inference.contrast import compare_many

GROUPS, PEOPLE, RATE = 4, 400, 0.3
DATA_SETS, REPLICATES, FAIRLEARN_SETS, FAIRLEARN_REPLICATES = 1_000, 500, 40, 60


def _counts(rng: np.random.Generator) -> np.ndarray:
    selected = rng.binomial(PEOPLE, RATE, GROUPS)
    return np.stack([selected, PEOPLE - selected], axis=1)


def _fairlearn(counts: np.ndarray, seed: int) -> float:
    """Return the lower end of fairlearn's interval of the selection-rate difference."""
    group = np.repeat(np.arange(GROUPS), PEOPLE)
    decision = np.concatenate([np.repeat([1, 0], row) for row in counts])
    frame = fairlearn.metrics.MetricFrame(
        metrics=fairlearn.metrics.selection_rate, y_true=decision, y_pred=decision,
        sensitive_features=pd.Series(group, name="group"), n_boot=FAIRLEARN_REPLICATES, ci_quantiles=[0.025, 0.975],
        random_state=seed,
    )  # fmt: skip
    return float(frame.difference_ci(method="between_groups")[0])


def _naive(counts: np.ndarray, seed: int) -> float:
    """Return the lower percentile of max - min over resampled counts: fairlearn's law, on counts."""
    drawn = draw_counts(counts, REPLICATES, seed)
    rates = drawn[..., 0] / drawn.sum(axis=-1)
    return float(np.quantile(rates.max(axis=1) - rates.min(axis=1), 0.025))


def _ours(counts: np.ndarray) -> float:
    """Return the lower end of the largest of all pairs' gaps, each widened for the number of pairs."""
    a, b = np.triu_indices(GROUPS, 1)
    n = np.full(len(a), float(PEOPLE))
    made = compare_many(
        counts[a, 0].astype(float), n, counts[b, 0].astype(float), n, how="difference", confidence=1 - 0.05 / len(a)
    )
    return float(max(0.0, made.low.max(), (-made.high).max()))


def text(rng: np.random.Generator) -> str:
    """Return the table: how often an interval says that alike groups differ."""
    data = [_counts(rng) for _ in range(DATA_SETS)]
    shares = {
        "fairaudit: largest gap over all pairs": np.mean([_ours(counts) > 0 for counts in data]),
        "foil: percentile bootstrap of max - min": np.mean([_naive(c, i) > 0 for i, c in enumerate(data)]),
    }
    some = data[:FAIRLEARN_SETS]
    theirs = float(np.mean([_fairlearn(counts, place) > 0 for place, counts in enumerate(some)]))
    rows = [[name, f"{DATA_SETS:,}", f"{share:.1%}"] for name, share in shares.items()]
    rows.append(["foil: fairlearn MetricFrame.difference_ci", f"{FAIRLEARN_SETS}", f"{theirs:.1%}"])
    words = (
        f"{GROUPS} groups of {PEOPLE} people, all selected at {RATE:g}: the true gap is 0. The share of data sets "
        "whose interval of 95% leaves 0 out; at most 5% is right."
    )
    return f"{words}\n\n{table(['interval', 'data sets', 'leaves 0 out'], rows)}"
