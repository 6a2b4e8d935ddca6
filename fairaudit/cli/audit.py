"""``fairaudit audit``: from a file of scores, or of counts, to findings and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..auditing import audit
from ..audits import Audit
from ..departing import with_earlier
from ..errors import PolicyError
from ..measuring import SUPPRESSED
from ..metrics.sampling import how_drawn
from ..policy import DEFAULT_POLICY
from ..result import STATUS_WORDS, DirectUse, Result
from ..sharing import LEVELS
from ..writing import write_whole
from .plan import step_zero_of_options, step_zero_options
from .roles import amounts, role_options, roles_of
from .streams import counting, readable, tell

FORMATS = ("html", "json", "md", "csv")
FLAGGED, INSUFFICIENT = 1, 3


def _formats(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:  # noqa: ARG001
    if value is None:
        return ()
    wanted = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
    for name in wanted:
        if name not in FORMATS:
            message = f"'{name}' is not a format; formats are {', '.join(FORMATS)}, with commas between them."
            raise click.BadParameter(message)
    return wanted


@click.command("audit", short_help="Audit scores, decisions or counts.")
@click.argument("data", required=False, metavar="DATA")
@role_options
@click.option("--policy", metavar="ID|FILE", help=f"Preset, or a YAML file; the plan's, or {DEFAULT_POLICY}.")
@click.option("--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A plan made before; the report says what was done otherwise.")  # fmt: skip
@step_zero_options
@click.option("--earlier", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="result.json of an audit made earlier on the same input; one in --out is found.")  # fmt: skip
@click.option(
    "--cross", multiple=True, is_flag=False, flag_value="*", metavar="[COLUMN,COLUMN]",
    help="Compare crossings too: --cross=race,sex, or --cross alone for each pair of groups. Alone it stands last, "
    "or before another option: the next word would be taken for columns.",
)  # fmt: skip
@click.option("--metric", "metrics", multiple=True, metavar="ID", help="Only these comparisons besides the policy's.")
@click.option("--feature", "features", multiple=True, metavar="COLUMN", help="Name of an input of the model.")
@click.option(
    "--features-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Text file with the names of the model's inputs, one a line.",
)  # fmt: skip
@click.option(
    "--profit",
    multiple=True,
    metavar="OUTCOME=AMOUNT",
    help="What a selected person brings: --profit good=18 --profit bad=-82. Says what each parity costs.",
)
@click.option(
    "--model", "model", metavar="PATH", help="A saved model that scores the rows; fairaudit train writes one."
)
@click.option("--trust", multiple=True, metavar="TYPE", help="A type that a skops model may build, by its full name.")
@click.option("--held-out", is_flag=True,
              help="With --model, on the file that fairaudit train read: only rows it never saw.")  # fmt: skip
@click.option(
    "--actions", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file of what people can change: with --model, who has a way to the cut-off.",
)  # fmt: skip
@click.option(
    "--words", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file with plain words for the model's features, for reasons.",
)  # fmt: skip
@click.option("--language", default="en", show_default=True, help="Of findings and reports: en, es, zh, de.")
@click.option("--sharing", type=click.Choice(LEVELS), default="internal", show_default=True,
              help="For whom: everything, no single people, or only what published counts say.")  # fmt: skip
@click.option("--min-n", type=click.IntRange(min=1), help="With --sharing public: fewest people of an entry; 10.")
@click.option("--seed", type=int, help="Seed of the bootstrap; from the counts when not given.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@click.option("--format", "formats", callback=_formats, help="html,json,md,csv; with --out all of html,json,md.")
@click.option("--fail-on", type=click.Choice(["never", "flag"]), default="never", show_default=True,
              help="flag: exit 1 if a finding of the policy's rules is flagged, 3 if one is insufficient; exploratory "
              "findings never decide.")  # fmt: skip
@click.option("--allow-insufficient", is_flag=True, help="With --fail-on flag: insufficient evidence is no failure.")
@click.option("--quiet", "-q", is_flag=True, help="Nothing on standard error but errors.")
def command(data: str | None, **options: Any) -> int:
    """Audit a file of scores, decisions or counts.

    DATA is a CSV (gz), Parquet or JSON-lines file, a glob in quotes, a cube file, or - for CSV on standard
    input. Without --out the findings are printed; --format json prints result.json and nothing else.

    \b
    Examples:
      fairaudit audit scores.csv --score score --higher-is better --cutoff 620 \\
          --outcome default --bad 1 --group race --reference race=White --out report/
      fairaudit audit teal.csv --counts n --decision decision --favorable pass \\
          --group race --reference race=White
      fairaudit audit all.cube --cutoff 640 --fail-on flag
      fairaudit audit applicants.csv --model model/ --cutoff 560 --group race --reference race=White --out report/
    """
    data = _given(data, options["cross"])
    quiet = bool(options["quiet"])
    with readable(data) as path, counting(f"Auditing {Path(data).name}", then="comparing groups", quiet=quiet) as watch:
        made = audit(
            path,
            policy=options["policy"],
            cross=_crossings(options["cross"]),
            metrics=options["metrics"] or None,
            profit=amounts(options["profit"], "--profit"),
            rng=options["seed"],
            features=_features(options["features"], options["features_file"]),
            model=_model(options["model"], options["trust"], held_out=options["held_out"]),
            actions=options["actions"],
            words=options["words"],
            held_out=options["held_out"],
            language=options["language"],
            sharing=options["sharing"],
            min_n=options["min_n"],
            plan=options["plan"],
            step_zero=step_zero_of_options(options),
            earlier=options["earlier"],
            progress=watch,
            **roles_of(options),
        )
    if options["out"] is not None:
        # What was tried before in the same folder is carried on; a result of other data there is none of it.
        made = replace(made, result=with_earlier(made.result, [options["out"] / "result.json"], demand=False))
    if made.flags_lost:
        tell(
            f"Merging and pooling lost {len(made.flags_lost):,} flagged finding(s) of the policy's rules. They stand "
            "in no file; decide whether to publish before you do:",
            quiet=quiet,
        )
        for sentence in made.flags_lost:
            tell(f"  {sentence}", quiet=quiet)
    code = 0
    if options["fail_on"] != "never":
        code = gate(made.result, allow_insufficient=options["allow_insufficient"])
    _deliver(made, options["out"], options["formats"], quiet=quiet)
    return code


def _given(data: str | None, crossings: Sequence[str]) -> str:
    if data is not None:
        return data
    message = "Missing argument 'DATA': the file to audit, or - for standard input."
    taken = [text for text in crossings if text != "*"]
    if taken:
        message += (
            f" '{taken[-1]}' was taken for the columns of --cross: put DATA first, or write --cross=COLUMN,COLUMN."
        )
    raise click.UsageError(message)


def _model(path: str | None, trusted: Sequence[str], *, held_out: bool) -> Any:
    if path is None:
        if trusted:
            message = "--trust is for a --model."
            raise click.UsageError(message)
        if held_out:
            message = "--held-out is for a --model: the rows that its training never saw."
            raise click.UsageError(message)
        return None
    from ..models.loading import load_scorer

    return load_scorer(path, trusted=trusted)


def _features(named: Sequence[str], file: Path | None) -> list[str] | None:
    """Return the names of the model's inputs from the command line and a file; None where neither was given."""
    if file is None:
        return list(named) or None
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"--features-file {file.name} cannot be read: {error}. Give a text file in UTF-8, a name a line."
        raise click.UsageError(message) from None
    return [*named, *(line.strip() for line in text.splitlines() if line.strip())]


def _crossings(texts: Sequence[str]) -> bool | list[list[str]] | None:
    """Return the crossings asked for; None leaves it to the policy."""
    named = [[name.strip() for name in text.split(",")] for text in texts if text != "*"]
    return named or bool(texts) or None


def gate(result: Result, *, allow_insufficient: bool = False) -> int:
    """Return 1 if a finding of a line or an input of the model is flagged, 3 if a primary one is insufficient, else 0.

    No primary finding at all is insufficient too, and so is a suppressed group: nothing was tested.

    Raises
    ------
    PolicyError
        If comparisons were made and the policy sets no line that a gate could hold them to.
    """
    if result.direct_use is not None and result.direct_use.uses:
        return FLAGGED
    ruled = [finding for finding in result.findings if finding.rule is not None]
    if ruled and all(finding.line is None for finding in ruled):
        message = (
            f"Policy '{result.policy.id}' sets no line, so --fail-on flag has nothing to hold findings to. "
            "Leave it out, or give a policy with lines."
        )
        raise PolicyError(message)
    if any(f.status == "flag" for f in result.findings if f.family in {"primary", "secondary"}):
        return FLAGGED
    primary = [f.status for f in result.findings if f.family == "primary"]
    hidden = any(SUPPRESSED in entry.reason for entry in result.not_run)
    if (not primary or "insufficient" in primary or hidden) and not allow_insufficient:
        return INSUFFICIENT
    return 0


def render(result: Result, formats: Sequence[str]) -> dict[str, str]:
    """Return the files of an audit by name: report.html, result.json, report.md, findings.csv and rates.csv."""
    files: dict[str, str] = {}
    for name in formats:
        if name == "html":
            from ..report.html import to_html

            files["report.html"] = to_html(result)
        elif name == "md":
            from ..report.markdown import to_markdown

            files["report.md"] = to_markdown(result)
        elif name == "csv":
            from ..report.tables import to_csv_files

            files |= to_csv_files(result)
        else:
            files["result.json"] = result.to_json()
    return files


def _deliver(made: Audit, out: Path | None, formats: Sequence[str], *, quiet: bool) -> None:
    if out is not None:
        # Everything is rendered before anything is written: a failure leaves no half report behind.
        files = render(made.result, formats or ("html", "json", "md"))
        for name, text in files.items():
            write_whole(out / name, text)
        tell(summary(made.result), quiet=quiet)
        tell(f"Written to {out}: {', '.join(files)}", quiet=quiet)
    elif formats:
        files = render(made.result, formats)
        if len(files) > 1:
            message = "Several files go to a folder: add --out DIR, or ask for one format of html, json, md."
            raise click.UsageError(message)
        click.echo(next(iter(files.values())), nl=False)
    else:
        click.echo(summary(made.result))


def summary(result: Result) -> str:
    """Return the findings of the policy's lines in plain words, and what was not tested."""
    from ..report.overview import explained_sentences

    policy = result.policy
    lines = [
        f"{result.schema.people:,} people in {result.input.name}, under {policy.id} {policy.version} ({policy.status})",
        f"Audited: {result.schema.decision_text}",
    ]
    for cut in result.schema.cutoffs:
        at = "" if cut.people_at is None else f"; {cut.people_at:,} people exactly at it"
        lines.append(f"At cut-off {cut.cutoff:.10g}: {cut.text}{at}")
    roles = result.schema.roles
    drawn = how_drawn(roles.get("sampled_by", ()), weighted=bool(roles.get("weight")))
    lines.append(f"How the sample was drawn: {drawn}")
    lines += ["", "Not tested:", *(f"  - {n.what}{_where(n.attribute, n.group)}: {n.reason}" for n in result.not_run)]
    lines.append("  - people who never reached this file: nothing here speaks of them")
    if result.direct_use is not None:
        lines += ["", "Direct use:", *_used(result.direct_use)]
    ruled = [f for f in result.findings if f.rule is not None and f.family != "exploratory"]
    lines += ["", "Findings:"]
    lines += [f"  [{finding.status}] {finding.sentence}" for finding in ruled]
    if not ruled:
        lines.append("  none: no comparison that the policy asks for could be made")
    told = explained_sentences(result.explanation)
    if told:
        lines += ["", "What the model's score is made of, and what could change it:", *(f"  - {text}" for text in told)]
    exploratory = [f for f in result.findings if f.family == "exploratory"]
    flagged = [f for f in exploratory if f.status == "flag"]
    if exploratory:
        some = f"{len(flagged):,} of them flagged" if flagged else "none of them flagged"
        lines += ["", f"Exploratory comparisons: {len(exploratory):,}, {some}. All are in the files that --out writes."]
        lines += [f"  [{finding.status}] {finding.sentence}" for finding in flagged[:5]]
    present = {finding.status for finding in ruled}
    lines += ["", *(f"{name}: {words}" for name, words in STATUS_WORDS.items() if name in present)]
    if result.issues:
        lines += ["", "The data:", *(f"  - {issue.message} ({issue.action})" for issue in result.issues)]
    return "\n".join(lines).rstrip()


def _used(made: DirectUse) -> list[str]:
    lines = [f"  [{use.status}] {use.sentence}" for use in made.uses]
    if not lines:
        lines.append(f"  none of the {len(made.features):,} declared inputs is named like a prohibited basis")
    if made.similar:
        lines.append(f"  look at {', '.join(made.similar)}: names with such a word, not taken for a basis")
    return [*lines, f"  {made.not_known}"]


def _where(attribute: str | None, group: str | None) -> str:
    return f" ({attribute}{f': {group}' if group else ''})" if attribute else ""
