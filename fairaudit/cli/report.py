"""``fairaudit report``: a report from a result.json, without the data."""

from __future__ import annotations

from pathlib import Path

import click

from ..documents import DOCUMENTS
from ..errors import DataContractError
from ..result import read_result
from ..writing import write_whole
from .audit import render


@click.command("report", short_help="Make a report of a result.json again.")
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(["html", "md", "json"]), default="md", show_default=True,
              help="What to make.")  # fmt: skip
@click.option("--document", type=click.Choice(DOCUMENTS),
              help="A form that a rule asks for, filled from the result, in place of the report.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else it is printed.")
def command(result: Path, format_: str, document: str | None, out: Path | None) -> int:
    """Make the report of RESULT, a result.json that an audit wrote, or a document beside it.

    \b
    Example:
      fairaudit report report/result.json --document ll144-summary --format html -o summary.html
    """
    try:
        text = result.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        message = f"{result.name} is not text in UTF-8. Give the result.json that `fairaudit audit` wrote."
        raise DataContractError(message) from None
    if document is not None:
        if format_ == "json":
            message = "A document is html or md; its numbers are in the result itself."
            raise click.UsageError(message)
        from ..documents.writing import document as written

        rendered = written(read_result(text), document, format_)
    else:
        rendered = next(iter(render(read_result(text), [format_]).values()))
    if out is None:
        click.echo(rendered, nl=False)
    else:
        write_whole(out, rendered)
    return 0
