"""Planted subgroups: who finds them, what else is reported, and how long it takes, beside AIF360's MDSS scan.

Both sides get the same people in one process. fairaudit answers with a list of crossings that people not searched
confirm; MDSS (``aif360.detectors.bias_scan``) answers with the one subset of the highest score, always. AIF360 is no
dependency of fairaudit: install it beside, in an environment of its own.

    pip install -e . aif360
    python benchmarks/subgroups.py             # about ten minutes, nearly all of it MDSS
    python benchmarks/subgroups.py --save      # and writes its section of docs/subgroups.md
    python benchmarks/subgroups.py --without-aif360
    python benchmarks/subgroups.py --predictors --save     # a minute: what a crossing is held against
"""

import argparse
import dataclasses
import sys
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from saving import in_words, machine, table, timed
from scipy.special import expit, logit

import fairaudit as fa
from fairaudit.inference.crossings import predict
from fairaudit.inference.subgroups import crossed

PAGE = Path(__file__).resolve().parent.parent / "docs" / "subgroups.md"
TITLE = "Planted subgroups, beside AIF360's MDSS scan"
PREDICTORS = "Predicted from parents or from single attributes"
PACKAGES = ["fairaudit-toolkit", "aif360", "numpy", "pandas", "scipy", "scikit-learn"]
LEVELS = {
    "race": (["White", "Black", "Hispanic", "Asian", "Other"], [0.55, 0.17, 0.16, 0.08, 0.04]),
    "sex": (["Female", "Male"], [0.5, 0.5]),
    "age": (["under 25", "25-44", "45-61", "62 and over"], [0.15, 0.4, 0.3, 0.15]),
    "region": (["north", "south", "west"], [0.4, 0.35, 0.25]),
}
NAMES = list(LEVELS)
PLANTED = {
    1: {"race": "Black"},
    2: {"race": "Black", "sex": "Female"},
    3: {"race": "Black", "sex": "Female", "age": "25-44"},
}
MAIN = {
    "race": [0.0, -0.4, -0.2, 0.1, 0.0],
    "sex": [0.0, 0.2],
    "age": [-0.3, 0.0, 0.1, 0.0],
    "region": [0.0, -0.1, 0.1],
}
"""Log-odds that each level adds where the scene has effects of single attributes."""
BASE = 0.6
OURS, THEIRS, NULL = 100, 6, 300
"""Runs of each scene: fairaudit's, MDSS's (the first of the same ones), and fairaudit's of scenes without a plant."""
CODES = np.array(list(np.ndindex(*(len(names) for names, _ in LEVELS.values()))))
TABLE = pd.DataFrame({name: np.array(LEVELS[name][0])[CODES[:, i]] for i, name in enumerate(NAMES)})
SHARES = np.prod([np.array(LEVELS[name][1])[CODES[:, i]] for i, name in enumerate(NAMES)], axis=0)


@dataclass(frozen=True)
class Scene:
    """What is planted among how many people: points taken from a crossing's rate, with or without other effects."""

    people: int
    planted: dict[str, str]
    points: float = 0.0
    main: bool = False

    @property
    def rates(self) -> np.ndarray:
        """The true rate of each of the 120 kinds of people."""
        effects = sum(np.array(MAIN[name])[CODES[:, i]] for i, name in enumerate(NAMES)) if self.main else 0.0
        rates = expit(logit(BASE) + np.asarray(effects) * np.ones(len(CODES)))
        return np.where(inside(self.planted), rates - self.points, rates) if self.planted else rates

    def draw(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return people and selected people of each kind."""
        rng = np.random.default_rng([seed, self.people])
        people = rng.multinomial(self.people, SHARES)
        return people, rng.binomial(people, self.rates)


def inside(levels: dict[str, str]) -> np.ndarray:
    """Return which of the kinds of people are in a crossing."""
    return np.logical_and.reduce([TABLE[name] == level for name, level in levels.items()]).astype(bool)


def counts(people: np.ndarray, selected: np.ndarray) -> pd.DataFrame:
    """Return a table of counts, a row a kind of people and decision."""
    return pd.concat([TABLE.assign(ok="yes", n=selected), TABLE.assign(ok="no", n=people - selected)])


def rows(people: np.ndarray, selected: np.ndarray) -> pd.DataFrame:
    """Return the same people one a row."""
    made = counts(people, selected)
    return made.drop(columns="n").iloc[np.repeat(np.arange(len(made)), made["n"])].reset_index(drop=True)


# Both sides


@lru_cache(maxsize=1)
def one_each() -> tuple[fa.Cube, np.ndarray]:
    """Return a cube with one selected and one declined person of each kind, and the kind of each of its cells."""
    ones = np.ones(len(TABLE), dtype=int)
    cube = fa.count(counts(2 * ones, ones), counts="n", groups=NAMES, decision="ok", favorable="yes")
    kinds = {tuple(levels): i for i, levels in enumerate(TABLE.to_numpy().tolist())}
    return cube, np.array([kinds[levels] for levels in cube.axes.cell_levels()])


def ours(people: np.ndarray, selected: np.ndarray, seed: int, predict_from: str = "parents") -> fa.SubgroupSearch:
    """Return fairaudit's search of the counts."""
    cube, kinds = one_each()
    n = np.stack([selected[kinds], (people - selected)[kinds]], axis=1)[:, None, :, None]
    return fa.search_subgroups(
        dataclasses.replace(cube, n=n.astype(np.int64)), depth=3, rng=seed, predict_from=predict_from
    )


def theirs(frame: pd.DataFrame, expected: np.ndarray | None = None) -> dict[str, list[str]]:
    """Return the subset of MDSS, without attributes of which it kept every value."""
    from aif360.detectors import bias_scan

    options = {} if expected is None else {"expectations": pd.Series(expected)}
    found, _ = bias_scan(
        frame[NAMES], (frame["ok"] == "yes").astype(int), favorable_value=1, overpredicted=True, **options
    )
    return {name: list(values) for name, values in found.items() if len(values) < len(LEVELS[name][0])}


def additive(frame: pd.DataFrame) -> np.ndarray:
    """Return what single attributes predict for each row: a logistic regression on their levels."""
    from sklearn.linear_model import LogisticRegression

    design = pd.get_dummies(frame[NAMES], drop_first=True)
    model = LogisticRegression(C=1e6, max_iter=1000).fit(design, frame["ok"] == "yes")
    return model.predict_proba(design)[:, 1]


def people_of(subset: dict[str, list[str]]) -> np.ndarray:
    """Return which kinds of people are in a subset of values."""
    masks = [TABLE[name].isin(values) for name, values in subset.items()]
    return np.logical_and.reduce(masks).astype(bool) if masks else np.ones(len(TABLE), dtype=bool)


def overlap(one: np.ndarray, other: np.ndarray, people: np.ndarray) -> float:
    """Return the people in both as a share of those in either."""
    either = people[one | other].sum()
    return float(people[one & other].sum() / either) if either else 0.0


def truly(scene: Scene, levels: dict[str, str], order: int | None = None) -> bool:
    """Whether a crossing is, in the population, worse than everybody else and worse than predicted."""
    mask, rates = inside(levels), scene.rates
    if not np.average(rates[mask], weights=SHARES[mask]) < np.average(rates[~mask], weights=SHARES[~mask]) - 1e-9:
        return False
    if len(levels) == 1:
        return True
    at = [NAMES.index(name) for name in levels]
    of = crossed(CODES, rates * SHARES * 1e9, SHARES * 1e9, at)
    codes = [LEVELS[name][0].index(level) for name, level in levels.items()]
    row = int(np.flatnonzero((of.codes == codes).all(axis=1))[0])
    return predict(of.codes, of.num, of.den, row, order=order).odds_ratio < 1 - 1e-5


# The tables


def planted_row(scene: Scene, scans: int) -> list[str]:
    """Return one line: how often the planted crossing is found and confirmed, and what else is."""
    mask, found, listed, best, false, total = inside(scene.planted), 0, 0, [], 0, 0
    exact, near = [], []
    for seed in range(OURS):
        people, selected = scene.draw(seed)
        made = ours(people, selected, seed).result.subgroups
        listed += any(one.levels == scene.planted for one in made)
        confirmed = [one.levels for one in made if one.confirmed]
        found += scene.planted in confirmed
        best.append(max((overlap(mask, inside(levels), people) for levels in confirmed), default=0.0))
        total += len(confirmed)
        false += sum(not truly(scene, levels) for levels in confirmed)
        if seed < scans:
            subset = theirs(rows(people, selected))
            exact.append(subset == {name: [level] for name, level in scene.planted.items()})
            near.append(overlap(mask, people_of(subset), people))
    share = SHARES[mask].sum()
    return [
        f"{len(scene.planted)}",
        f"{scene.people:,}",
        f"{scene.people * share:,.0f}",
        f"{100 * scene.points:.0f}",
        f"{100 * listed / OURS:.0f}%",
        f"{100 * found / OURS:.0f}%",
        f"{np.mean(best):.2f}",
        f"{false} of {total}",
        f"{100 * np.mean(exact):.0f}%" if scans else "–",
        f"{np.mean(near):.2f}" if scans else "–",
    ]


def null_row(scene: Scene, scans: int) -> list[str]:
    """Return one line of a scene without a plant: how often something is reported that is not there."""
    candidates, confirmed, proportion = 0, 0, []
    for seed in range(NULL):
        made = ours(*scene.draw(seed), seed).result.subgroups
        wrong = [one for one in made if not truly(scene, one.levels)]
        candidates += bool(wrong)
        confirmed += any(one.confirmed for one in wrong)
        proportion.append(len(wrong) / max(1, len(made)))
    reported = [bool(theirs(rows(*scene.draw(seed)))) for seed in range(scans)]
    return [
        "single attributes" if scene.main else "none",
        f"{scene.people:,}",
        f"{100 * np.mean(proportion):.1f}%",
        f"{100 * candidates / NULL:.1f}%",
        f"{100 * confirmed / NULL:.1f}%",
        f"{100 * np.mean(reported):.0f}%" if scans else "–",
    ]


def main_row(scene: Scene, scans: int) -> list[str]:
    """Return one line of a plant among effects of single attributes, MDSS with and without a model of them."""
    mask, found = inside(scene.planted), 0
    exact: list[list[bool]] = [[], []]
    near: list[list[float]] = [[], []]
    for seed in range(OURS):
        people, selected = scene.draw(seed)
        found += any(one.levels == scene.planted for one in ours(people, selected, seed).confirmed)
        if seed < scans:
            frame = rows(people, selected)
            for i, expected in enumerate((None, additive(frame))):
                subset = theirs(frame, expected)
                exact[i].append(subset == {name: [level] for name, level in scene.planted.items()})
                near[i].append(overlap(mask, people_of(subset), people))
    told = [f"{100 * np.mean(e):.0f}% ({np.mean(n):.2f})" if scans else "–" for e, n in zip(exact, near, strict=True)]
    return [
        f"{len(scene.planted)}",
        f"{scene.people:,}",
        f"{100 * scene.points:.0f}",
        f"{100 * found / OURS:.0f}%",
        *told,
    ]


def time_row(people: int, scans: int) -> list[str]:
    """Return the seconds of both sides from a frame of text columns to the answer."""
    frame = rows(*Scene(people, PLANTED[2], 0.2).draw(1))
    options = {"groups": NAMES, "decision": "ok", "favorable": "yes", "depth": 3}
    mine, _ = timed(lambda: fa.search_subgroups(frame, **options), 3)
    if not scans:
        return [f"{people:,}", in_words(mine), "–", "–"]
    other, _ = timed(lambda: theirs(frame), 1)
    return [f"{people:,}", in_words(mine), in_words(other), f"{other / mine:,.0f}"]


def predictors_row(scene: Scene, runs: int) -> list[str]:
    """Return one line: how often the plant is confirmed, and something not true, by what predicts a crossing."""
    told = []
    for predict_from, order in (("parents", None), ("single", 1)):
        found, false = 0, 0
        for seed in range(runs):
            confirmed = [one.levels for one in ours(*scene.draw(seed), seed, predict_from).confirmed]
            found += scene.planted in confirmed
            false += not all(truly(scene, levels, order) for levels in confirmed)
        told += [f"{100 * found / runs:.0f}%" if scene.planted else "–", f"{100 * false / runs:.1f}%"]
    return [f"{scene.people:,}", f"{100 * scene.points:.0f}", "yes" if scene.main else "no", *told]


def predictors(runs: int = 60) -> str:
    """Return the comparison of the two kinds of prediction as Markdown."""
    scenes = [Scene(people, PLANTED[3], points) for people in (2_000, 10_000) for points in (0.15, 0.3)]
    scenes += [Scene(10_000, {}, main=True)]
    header = ["people", "points less", "effects of single attributes", "from parents: plant confirmed",
              "runs with a false one", "from single attributes: plant confirmed", "runs with a false one"]  # fmt: skip
    made = table(header, [predictors_row(scene, runs) for scene in scenes])
    return f"""The same people, a plant of three attributes ({SHARES[inside(PLANTED[3])].sum():.1%} of them) or none;
{runs} runs a line. False: confirmed, and in the population not worse than everybody else
and than the same predictors say.

{made}

{machine([name for name in PACKAGES if name != "aif360"])}
"""


def report(scans: int) -> str:
    """Return all tables as Markdown."""
    planted = [
        planted_row(Scene(people, PLANTED[depth], points), scans)
        for depth in PLANTED
        for people in (2_000, 10_000)
        for points in (0.15, 0.3)
    ]
    print("plants done", file=sys.stderr)
    nulls = [null_row(Scene(people, {}, main=main), scans if people == 2_000 else 0)
             for main in (False, True) for people in (2_000, 20_000)]  # fmt: skip
    print("scenes without a plant done", file=sys.stderr)
    among = [main_row(Scene(10_000, PLANTED[depth], 0.3, main=True), scans) for depth in (2, 3)]
    times = [time_row(people, scans) for people in (10_000, 100_000, 1_000_000)]
    one = table(
        ["attributes planted", "people", "in the plant", "points less", "fairaudit: stood out", "confirmed",
         "nearest confirmed, overlap", "confirmed and not true", "MDSS: exactly the plant", "overlap"],
        planted,
    )  # fmt: skip
    two = table(
        ["true effects", "people", "false among candidates", "runs with a false candidate",
         "runs with a false confirmed one", "MDSS: runs that report a subset"],
        nulls,
    )  # fmt: skip
    three = table(
        ["attributes planted", "people", "points less", "fairaudit: confirmed", "MDSS: exactly the plant (overlap)",
         "MDSS with expectations of a model of single attributes"],
        among,
    )  # fmt: skip
    four = table(["rows", "fairaudit", "MDSS", "times faster"], times)
    return f"""Four attributes ({", ".join(f"{name} {len(LEVELS[name][0])}" for name in NAMES)}), a rate of
{BASE:.0%} for everybody, and one crossing whose rate is lower by so many points; all crossings up to three attributes
are searched. fairaudit: {OURS} runs a line, half of the people searched, false discovery rate 10% in the search, 5%
(Holm) in the confirmation. MDSS: the first {scans} of the same runs, all people, `bias_scan` with its defaults (10
restarts), which returns one subset of values. Overlap: people in both the plant and the nearest answer, as a share of
people in either; 1 is the plant itself. "Confirmed and not true": crossings that in the population are not worse than
everybody else and than their parents predict (with a plant of three attributes its parents are, truly, worse as well).

{one}

Without a plant: how often something is reported that is not there. {NULL} runs a line; MDSS {scans} runs at 2,000
people. With effects of single attributes those attributes are truly worse and no crossing is.

{two}

A plant among effects of single attributes. MDSS against the mean of everybody, which is its default, and against the
expectations of a logistic regression on the single attributes, which is what the crossing's parents predict for a pair.

{three}

From a frame of text columns to the answer, counting included (fairaudit: median of three; MDSS: one run).

{four}

{machine(PACKAGES)}
"""


def save(title: str, text: str) -> Path:
    """Put a section into docs/subgroups.md in place of the one of this title, or at its end."""
    first, *sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    made = f"{title}\n\n{text.strip()}\n"
    known = [section.splitlines()[0] for section in sections]
    if title in known:
        sections[known.index(title)] = made
    else:
        sections.append(made)
    PAGE.write_text("\n## ".join([f"{part.rstrip()}\n" for part in (first, *sections)]), encoding="utf-8")
    return PAGE


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="write this section of docs/subgroups.md")
    parser.add_argument("--without-aif360", action="store_true", help="fairaudit's side only")
    parser.add_argument("--predictors", action="store_true", help="only parents beside single attributes as predictors")
    arguments = parser.parse_args()
    # pandas and AIF360 warn of each other's deprecations thousands of times.
    warnings.simplefilter("ignore")
    scans = 0 if arguments.without_aif360 or arguments.predictors else THEIRS
    small = Scene(500, PLANTED[1], 0.3).draw(0)
    ours(*small, 0)
    if scans:
        theirs(rows(*small))
    title, text = (PREDICTORS, predictors()) if arguments.predictors else (TITLE, report(scans))
    print(text)
    if arguments.save:
        save(title, text)


if __name__ == "__main__":
    main()
