"""``fairaudit demo``: the worked example, in three steps that say what they are."""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from pathlib import Path

import click

from ..audits import Audit
from ..errors import FairauditError
from ..writing import write_whole
from .streams import progress


@click.command("demo", short_help="A worked example on real data, offline.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("fairaudit-demo"),
    show_default=True,
    help="Folder to write to.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the result, even on a terminal with a display.")
@click.option("--quiet", "-q", is_flag=True, help="Only where the result is, and the three sentences.")
def command(out: Path, *, no_browser: bool, quiet: bool) -> int:
    """Audit a lender's decisions, a model that imitates them, and explain one declined applicant.

    The data are 1,989 mortgage applications (Boston Fed) that come with fairaudit; nothing is fetched.
    """
    from .. import demonstration as example
    from ..report.html import page
    from ..report.markdown import markdown

    there = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not there.is_dir():
        message = f"'{there}' is a file; the example needs a folder. Give another one with --out."
        raise FairauditError(message)

    def say(text: str) -> None:
        if not quiet:
            click.echo(text)

    files: dict[str, str] = {}
    say("Step 1 of 3. The lender's recorded decisions, by race and sex (1,989 applications, Boston Fed).")
    say("  The adverse impact ratio is a group's approval rate divided by that of the group it is compared with")
    say("  (White; Male). The US fair-lending convention flags a ratio below 0.80 when it is more than chance.")
    with progress("Auditing decisions", quiet=quiet):
        decisions = example.audit_decisions()
    files |= _reports("step-1-decisions", decisions)

    say("Step 2 of 3. A model that imitates the lender, audited on applicants that it never saw.")
    with progress("Training and auditing a model", quiet=quiet):
        model = example.train_imitation()
        scores = example.audit_imitation(model)
    left_out = example.left_out_report(model)
    lender, imitation = model.training_shares
    say(f"  Trained on {len(model.training):,} applicants, audited on {len(model.held_out):,} others.")
    say(
        f"  It approves from {model.cutoff:g} points: {imitation:.1%} of those it was trained on, of whom the lender "
        f"approved {lender:.1%}."
    )
    say("  Its label is the lender's decision, not repayment: nothing here says who would have paid back.")
    say(
        f"  It sees {len(model.features)} columns known at application. Among those left out: typur and inson (after or"
    )
    say("  beside the decision), gdlin and unver (the lender's own judgement while deciding), min30 (the tract's")
    say("  minority share: encodes race), married (a prohibited basis).")
    files |= _reports("step-2-model", scores)
    files |= {"step-2-model/left-out.html": page(left_out), "step-2-model/left-out.md": markdown(left_out)}

    say("Step 3 of 3. One declined applicant: the score in points, and the draft of a letter.")
    say("  An illustration of the score, not an adverse-action notice.")
    with progress("Explaining one applicant", quiet=quiet):
        row = example.choose_declined(model)
        explanation = example.explain_score(model, row)
        letter, plain_letter = example.letter_to(model, row)
    told = example.explanation_report(explanation)
    plain = json.dumps(example.plain_explanation(explanation), indent=1, ensure_ascii=False)
    files |= {
        "step-3-explanation/explanation.html": page(told),
        "step-3-explanation/explanation.md": markdown(told),
        "step-3-explanation/explanation.json": plain + "\n",
        "step-3-explanation/letter.html": letter,
        "step-3-explanation/letter.md": plain_letter,
    }
    sentences = [
        example.most_important(decisions),
        example.most_important(scores),
        example.explanation_sentence(explanation),
    ]
    overview = example.overview_report(sentences)
    files |= {"index.html": page(overview), "README.md": markdown(overview)}
    for name, text in files.items():
        write_whole(out / name, text)
    say("")
    click.echo(f"Written to {out.resolve()}; begin with index.html")
    for number, ((heading, _), sentence) in enumerate(zip(example.STEPS, sentences, strict=True), start=1):
        click.echo(f"\n{number}. {heading}. {sentence}")
    if not no_browser and _can_show():
        webbrowser.open((out / "index.html").resolve().as_uri())
    return 0


def _reports(folder: str, made: Audit) -> dict[str, str]:
    return {
        f"{folder}/report.html": made.to_html(),
        f"{folder}/report.md": made.to_markdown(),
        f"{folder}/result.json": made.to_json(),
    }


def _can_show() -> bool:
    """Whether somebody sits before a screen: a terminal, and on Linux a display."""
    if not sys.stdout.isatty():
        return False
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True
