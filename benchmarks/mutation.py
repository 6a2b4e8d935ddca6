"""Mutation testing: the code is changed in small ways, one at a time, and a test should notice each of them.

    python benchmarks/mutation.py fairaudit/policy/evaluate.py --sample 30 --out mutation.jsonl
    python benchmarks/mutation.py --table mutation.jsonl

The changes are mutmut's (the extra `mutation`), drawn with a fixed seed where a module has more than the sample.
mutmut's own runner leaves decorated functions alone, and every metric is one, so the runner is here: modules that
tests need are loaded once, and each mutant is a fork of that process which imports the changed source in place of
the module's. Nothing is written to the source tree. A mutant meets the module's own doctests and tests first, and
the tests of WIDER only if these let it through.

Left out, because they say nothing about the tests of a statistic: texts (messages, names, descriptions), decorators,
annotations, imports, a value replaced by None and a positional argument left out (these fail at once).
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Forks of a process with threads of a linear algebra library in it can hang.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import libcst as cst
import libcst.metadata
import pytest
from mutmut.mutation import mutators

ROOT = Path(__file__).resolve().parent.parent
SEED = 20261125
PRELOAD = (
    "numpy", "pandas", "scipy.stats", "scipy.special", "scipy.optimize", "yaml", "pydantic", "click", "statsmodels.api",
    "statsmodels.stats.proportion", "statsmodels.stats.contingency_tables", "fairlearn.metrics", "sklearn.metrics",
    "duckdb", "narwhals", "pyarrow", "jinja2", "rich.console",
)  # fmt: skip
UNSAID = (cst.Annotation, cst.Decorator, cst.FormattedString)
DESCRIPTIONS = {"measure", "contrast", "Contrast"}
"""Calls whose arguments are words for readers."""
LEFT_OUT = {"operator_string", "operator_assignment", "operator_dict_arguments", "operator_lambda"}

OWN = {
    "cube/banding": ("test_age_line.py",),
    "cube/confusion": ("cube/test_confusion.py", "cube/test_scores.py", "cube/test_cube.py"),
    "cube/cube": ("cube/test_cube.py", "cube/test_scores.py", "cube/test_properties.py"),
    "cube/axes": ("cube/test_axes.py", "cube/test_cube.py"),
    "cube/fixed_point": ("cube/test_from_counts.py", "cube/test_properties.py"),
    "cube/from_clusters": ("cube/test_replicates.py", "test_clusters.py"),
    "cube/memberships": ("test_judging_members.py",),
    "cube/people": ("questions/test_controls.py",),
    "cube/score_sums": ("cube/test_scores.py",),
    "cube/sorting": ("cube/test_from_counts.py",),
    "metrics/base": ("metrics/test_catalogue.py",),
    "metrics/calibration": ("inference/test_calibration.py",),
    "metrics/disparity": ("metrics/test_published.py", "metrics/test_oracles.py"),
    "metrics/error_rates": ("metrics/test_published.py", "metrics/test_oracles.py"),
    "metrics/ranking": ("metrics/test_oracles.py",),
    "metrics/sampling": ("test_population.py",),
    "metrics/selection": ("metrics/test_published.py", "metrics/test_oracles.py"),
    "metrics/summaries": ("questions/test_summaries.py",),
    "inference/counts": ("inference/test_combining.py", "inference/test_contrast.py", "inference/test_proportion.py"),
    "inference/identification": ("questions/test_bounds.py",),
    "inference/of_clusters": ("inference/test_replicates.py", "test_clusters.py"),
    "inference/permutation": ("metrics/test_distribution.py",),
    "inference/proxies": ("questions/test_controls.py",),
    "inference/clustered_scores": ("inference/test_clustered_measures.py", "test_clusters.py"),
    "policy/mistakes": ("policy/test_loading.py", "policy/test_model.py"),
    "inference/roots": ("inference/test_intervals.py",),
    "questions/in_clusters": ("inference/test_clustered_measures.py", "test_clusters.py"),
    "questions/scores_in_clusters": ("inference/test_clustered_measures.py",),
}
"""Tests of a module that does not have tests/<room>/test_<module>.py, or not them alone."""

WIDER = {
    "cube": ("cube", "property/test_counting.py"),
    "metrics": ("metrics", "property/test_inference.py", "questions"),
    "inference": ("inference", "questions", "reference/test_r_values.py", "test_searching.py"),
    "policy": ("policy", "test_judging.py", "reference/test_policies.py"),
    "questions": ("questions", "test_clusters.py"),
}


Chosen = set[tuple[str, str, int]]
"""Changes by their words: a line before, the same line after, and which of the lines that read alike it is."""


class Mutant(NamedTuple):
    """One change of a module."""

    line: int
    nth: int
    """Which of the lines that read alike."""
    before: str
    after: str
    code: str


class _Collector(cst.CSTVisitor):
    """The changes of every node, in the order of the source."""

    METADATA_DEPENDENCIES = (libcst.metadata.PositionProvider,)

    def __init__(self, module: cst.Module) -> None:
        self.module, self.found = module, []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, UNSAID):
            return False
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in DESCRIPTIONS:
            return False
        for kind, operator in mutators.mutation_operators:
            if isinstance(node, kind) and operator.__name__ not in LEFT_OUT:
                for changed in operator(node):
                    if operator.__name__ != "operator_arg_removal" or _drops_a_keyword(node, changed):
                        place = self.get_metadata(libcst.metadata.PositionProvider, node)
                        self.found.append((place.start.line, place.end.line, node, changed))
        return super().on_visit(node)


def _drops_a_keyword(node: cst.Call, changed: cst.Call) -> bool:
    kept = [arg.keyword.value for arg in changed.args if arg.keyword]
    return len(changed.args) < len(node.args) and len(kept) < sum(arg.keyword is not None for arg in node.args)


def draw_mutants(source: str, sample: int | Chosen) -> tuple[int, dict[int, Mutant]]:
    """Return how many changes of a module there are, and a sample of them, or those of lines before and after."""
    wrapper = libcst.metadata.MetadataWrapper(cst.parse_module(source))
    collector = _Collector(wrapper.module)
    wrapper.visit(collector)
    lines = source.splitlines()
    if isinstance(sample, set):
        # By their words, not their place: the module may have changed elsewhere.
        befores = {before for before, *_ in sample}
        picked = [
            i
            for i, (start, end, *_) in enumerate(collector.found)
            if any(line.strip() in befores for line in lines[start - 1 : end])
        ]
    else:
        picked = random.Random(SEED).sample(range(len(collector.found)), min(sample, len(collector.found)))
    mutants = {}
    for index in sorted(picked):
        line, _, node, changed = collector.found[index]
        # Writing a changed module out is slow: only those drawn are.
        code = wrapper.module.deep_replace(node, changed).code
        old, new = lines, code.splitlines()
        at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), line - 1)
        nth = sum(other.strip() == old[at].strip() for other in old[:at])
        mutant = Mutant(at + 1, nth, old[at].strip(), new[at].strip(), code)
        if isinstance(sample, int) or (mutant.before, mutant.after, mutant.nth) in sample:
            mutants[index] = mutant
    return len(collector.found), mutants


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import the changed source in place of the module's."""

    def __init__(self, name: str, path: Path, code: str) -> None:
        self.name, self.path, self.code = name, path, code

    def find_spec(self, fullname, path=None, target=None):  # noqa: ARG002 (the protocol's names)
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def create_module(self, spec):  # noqa: ARG002 (the protocol's name)
        return None

    def exec_module(self, module) -> None:
        exec(compile(self.code, str(self.path), "exec"), module.__dict__)


def run(path: Path, code: str, tests: list[str], seconds: float) -> str:
    """Return whether the tests let a source through: ``passed``, ``failed`` or ``too long``."""
    child = os.fork()
    if child == 0:
        os.setsid()
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        sys.meta_path.insert(0, _Changed(name, path, code))
        sys.path.insert(0, str(ROOT))
        # That an example fails is enough: hypothesis need not look for the smallest.
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("mutants", phases=phases, derandomize=True, database=None)
        hypothesis.settings.load_profile("mutants")
        try:
            ended = pytest.main(
                ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *tests]
            )
        except BaseException:  # noqa: BLE001 (the child ends here, whatever happened)
            ended = 1
        os._exit(int(ended))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return "passed" if status == 0 else "failed"
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "too long"


def tests_of(path: Path) -> tuple[list[str], list[str]]:
    """Return the tests that a module's mutants meet first, and those that the rest of them meet."""
    room, module = path.parent.name, path.stem
    own = OWN.get(f"{room}/{module}", (f"{room}/test_{module}.py",))
    at = [str(ROOT / "tests" / name) for name in own]
    wider = [str(ROOT / "tests" / name) for name in WIDER[room]]
    return [str(path), *at], [name for name in wider if Path(name).exists()]


def try_module(path: Path, sample: int | Chosen, *, wide: bool) -> Iterator[dict[str, object]]:
    """Yield what became of each sampled mutant of a module."""
    source = path.read_text()
    of, mutants = draw_mutants(source, sample)
    if not mutants:
        return
    own, wider = tests_of(path)
    started = time.monotonic()
    if run(path, source, own, 600) != "passed":
        print(f"The tests of {path} do not pass without a change: left out.", file=sys.stderr)
        return
    patience = 20 + 5 * (time.monotonic() - started)
    for index, mutant in mutants.items():
        ended = run(path, mutant.code, own, patience)
        fate = "killed" if ended != "passed" else "survived"
        if fate == "survived" and wide:
            fate = "survived" if run(path, mutant.code, wider, 600) == "passed" else "killed by others"
        yield {"module": str(path.relative_to(ROOT)), "of": of, "index": index, "fate": fate,
               "line": mutant.line, "nth": mutant.nth, "before": mutant.before, "after": mutant.after}  # fmt: skip


def table(results: list[dict[str, object]]) -> str:
    """Return a Markdown table, a row a module."""
    lines = [
        "| module | changes | tried | killed by its tests | by others | survived |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for module in sorted({str(result["module"]) for result in results}):
        mine = [result for result in results if result["module"] == module]
        fates = [sum(result["fate"] == fate for result in mine) for fate in ("killed", "killed by others", "survived")]
        lines.append(
            f"| {module.removeprefix('fairaudit/')} | {mine[0]['of']} | {len(mine)} | {' | '.join(map(str, fates))} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", type=Path)
    parser.add_argument("--sample", type=int, default=30, help="mutants a module")
    parser.add_argument("--own-only", action="store_true", help="skip the wider tests")
    parser.add_argument("--again", action="store_true", help="only those that survived in the file of --out")
    parser.add_argument("--out", type=Path, help="a line of JSON a mutant, added to what is there")
    parser.add_argument("--table", type=Path, help="print the table of such a file")
    given = parser.parse_args()
    if given.table:
        print(table(read(given.table)))
        return
    for name in PRELOAD:
        importlib.import_module(name)
    for module in map(Path.resolve, given.modules):
        chosen: int | Chosen = given.sample
        if given.again:
            name = str(module.relative_to(ROOT))
            mine = [r for r in read(given.out) if r["module"] == name and r["fate"] == "survived"]
            chosen = {(r["before"], r["after"], r["nth"]) for r in mine}
        for result in try_module(module, chosen, wide=not given.own_only):
            line = json.dumps(result)
            if result["fate"] != "killed":
                print(line, flush=True)
            if given.out:
                with given.out.open("a") as file:
                    file.write(line + "\n")


def read(path: Path) -> list[dict[str, object]]:
    """Return the last word on each mutant: a module may have been tried again after a test was added."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return list({(r["module"], r["before"], r["after"], r["nth"]): r for r in lines}.values())


if __name__ == "__main__":
    main()
