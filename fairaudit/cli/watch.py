"""``fairaudit watch``: cubes of periods held against a baseline, for a scheduler."""

from __future__ import annotations

from pathlib import Path

import click

from ..monitoring import HORIZON, Watch, watch
from ..policy import DEFAULT_POLICY
from .roles import pairs
from .streams import deliver, progress

FORMATS = ("text", "json", "md", "html")
ALARM, TOO_FEW = 1, 3


@click.command("watch", short_help="Periods against a baseline, with alarms for a scheduler.")
@click.argument("cubes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--baseline", default="1", show_default=True, metavar="NUMBER|NAMES",
              help="How many first periods are the baseline, or their names with commas.")  # fmt: skip
@click.option("--metric", "metrics", multiple=True, metavar="ID", default=("adverse_impact_ratio",), show_default=True,
              help="A comparison of one rate; may be repeated.")  # fmt: skip
@click.option("--group", "groups", multiple=True, metavar="COLUMN", help="Attribute to watch; all when not given.")
@click.option("--reference", multiple=True, metavar="COLUMN=LEVEL", help="The level compared with.")
@click.option("--cutoff", type=float, metavar="NUMBER", help="Cut-off; the one in production when not given.")
@click.option("--policy", default=DEFAULT_POLICY, show_default=True, metavar="ID|FILE", help="Gives lines and level.")
@click.option("--alpha", type=click.FloatRange(0, 1, min_open=True, max_open=True),
              help="Chance of any false alarm of a kind; the policy's when not given.")  # fmt: skip
@click.option("--horizon", type=click.IntRange(min=1), default=HORIZON, show_default=True,
              help="Periods after which the sequences are narrowest.")  # fmt: skip
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True,
              help="What to print or write.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(
    cubes: tuple[Path, ...], baseline: str, metrics: tuple[str, ...], groups: tuple[str, ...],
    reference: tuple[str, ...], cutoff: float | None, policy: str, alpha: float | None, horizon: int, format_: str,
    out: Path | None, *, quiet: bool,
) -> int:  # fmt: skip
    """Hold each period against a baseline, at every look, without more false alarms for looking often.

    CUBES is one cube that was counted with --period, or one cube for each period, in order. Nothing is kept between
    runs: give all periods each time, and the same counts say the same.

    Exit code 0: no alarm. 1: an alarm, at any look so far. 3: no alarm, and some comparison has too few people to
    tell. 2 and 4: the question or the files are wrong.

    \b
    Examples:
      fairaudit watch 2026-*.cube --baseline 3 --reference race=White
      fairaudit watch year.cube --metric adverse_impact_ratio --metric equal_opportunity_difference \\
          --format html -o watch.html
    """
    before: int | list[str] = int(baseline) if baseline.isdigit() and len(baseline) < 4 else baseline.split(",")
    with progress(f"Watching {len(cubes):,} cubes", quiet=quiet):
        made = watch(
            list(cubes),
            baseline=before,
            metrics=metrics,
            groups=groups or None,
            reference=pairs(reference, "--reference") or None,
            cutoff=cutoff,
            policy=policy,
            alpha=alpha,
            horizon=horizon,
        )
    deliver(_rendered(made, format_), out, quiet=quiet)
    if made.alarms:
        return ALARM
    return TOO_FEW if any(one.looks[-1].running is None for one in made.result.watched) else 0


def _rendered(made: Watch, format_: str) -> str:
    return {"text": made.__repr__, "json": made.to_json, "md": made.to_markdown, "html": made.to_html}[format_]()
