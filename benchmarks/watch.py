"""How often watching raises a false alarm over 60 looks, and how soon a true one: ``python benchmarks/watch.py``.

Two groups without any change, and with one; the same counts looked at each month by an ordinary test. ``--save`` writes
the tables of docs/watch.md.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from saving import machine, table
from scipy.stats import norm

from fairaudit.inference.sequential import estimates, mixing_variance, running

PAGE = Path(__file__).resolve().parent.parent / "docs" / "watch.md"
MARK = "<!-- written by benchmarks/watch.py --save -->"
LOOKS, BASELINE, HORIZON, ALPHA = 60, 3, 12, 0.05
SEED = 20_261_127


def counted(rng, people, rate, months):
    """Return those selected each month, those of the baseline first; the rate may differ from month to month."""
    return rng.binomial(people, np.broadcast_to(rate, months))


def watched(rng, people, rates, how, line):
    """Return the look of the first alarm of each kind, and of the first naive one; ``LOOKS`` where there is none."""
    n, m = people, 2 * people
    a, b = (counted(rng, people, rate, BASELINE + LOOKS) for people, rate in zip((n, m), rates, strict=True))
    known = estimates(a[:BASELINE].sum(), BASELINE * n, b[:BASELINE].sum(), BASELINE * m, how=how)
    total_a, total_b = (np.concatenate([[0], x[BASELINE:].cumsum()]) for x in (a, b))
    first, last = np.arange(LOOKS)[:, None], np.arange(1, LOOKS + 1)[None]
    months = np.maximum(last - first, 1)
    found = estimates(np.maximum(total_a[last] - total_a[first], 0), n * months,
                      np.maximum(total_b[last] - total_b[first], 0), m * months, how=how)  # fmt: skip
    if not bool(known.enough):
        return LOOKS, LOOKS, LOOKS
    expected = float(known.information) / BASELINE * HORIZON
    both = 1 / (1 / np.maximum(found.information, 1e-12) + 1 / float(known.information))
    peak = 1 / (1 / expected + 1 / float(known.information))
    changes = running(found.value - float(known.value), both, found.enough, against=0.0,
                      mixing=mixing_variance(peak, ALPHA), alpha=ALPHA)  # fmt: skip
    levels = running(found.value, found.information, found.enough, against=line,
                     mixing=mixing_variance(expected, ALPHA), alpha=ALPHA)  # fmt: skip
    alone = estimates(a[BASELINE:], n, b[BASELINE:], m, how=how)
    z = np.abs(alone.value - float(known.value)) / np.sqrt(1 / alone.information + 1 / float(known.information))
    naive = z > norm.ppf(1 - ALPHA / 2)
    past = (levels.since >= 0) & (levels.side < 0)
    return tuple(int(x.argmax()) if x.any() else LOOKS for x in (changes.since >= 0, past, naive))


def main() -> None:
    """Simulate, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--save", action="store_true", help="write docs/watch.md")
    arguments = parser.parse_args()
    line, quiet, sooner = float(np.log(0.8)), [], []
    for people in (100, 300, 1_000, 5_000):
        for rate in (0.2, 0.6):
            rng = np.random.default_rng([SEED, people, int(100 * rate)])
            rates = (0.8 * rate, rate)
            made = np.array([watched(rng, people, rates, "ratio", line) for _ in range(arguments.draws)])
            share = (made < LOOKS).mean(axis=0)
            quiet.append([f"{people:,}", f"{0.8 * rate:g} and {rate:g}", *(f"{one:.1%}" for one in share)])
            print(*quiet[-1], sep=" | ", flush=True)
    for people in (300, 1_000, 5_000):
        for begin in (0, 24):
            rng = np.random.default_rng([SEED, people, begin, 7])
            drop = np.where(np.arange(BASELINE + LOOKS) < BASELINE + begin, 0.55, 0.45)
            made = np.array([watched(rng, people, (drop, 0.6), "ratio", line)[0] for _ in range(arguments.draws // 4)])
            late = made[made >= begin] - begin + 1
            never = (made == LOOKS).mean()
            sooner.append(
                [
                    f"{people:,}",
                    f"{begin + 1}",
                    f"{(made < begin).mean():.1%}",
                    f"{np.median(late):.0f}",
                    f"{never:.1%}",
                ]
            )
            print(*sooner[-1], sep=" | ", flush=True)
    quietly = ["people a month in the group", "rates", "changed", "past the line", "a test each month"]
    found = [
        "people a month in the group",
        "changes at look",
        "false alarm before",
        "looks until alarm, median",
        "never",
    ]
    text = f"""Nothing changes, and the ratio lies on the line of 0.8: share of {arguments.draws:,} simulated watches of
{LOOKS} looks with an alarm; the reference is twice as large, the baseline {BASELINE} months. "A test each
month" holds each month alone against the baseline at 5%.

{table(quietly, quiet)}

The group's rate falls from 55% to 45% (the reference has 60%), {arguments.draws // 4:,} watches:

{table(found, sooner)}

{machine(["fairaudit-toolkit", "numpy", "scipy"])}"""
    print(text)
    if arguments.save:
        head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
        PAGE.write_text(f"{head}{MARK}\n\n{text}\n", encoding="utf-8")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
