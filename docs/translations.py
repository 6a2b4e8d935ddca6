"""Collect the strings of letters and reasons, and compile what was translated: ``make translations``.

Strings stand in the code as ``say("...")`` or ``marked("...")``. They are written to ``fairaudit.pot``; each
language's ``fairaudit.po`` keeps its translations and gains the new strings, empty; ``fairaudit.mo`` is what the
package reads. A string without a translation is said in English.
"""

from __future__ import annotations

import ast
import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "fairaudit"
FOLDER = PACKAGE / "translations"
KEYWORDS = {"say", "marked"}


def collected() -> Catalog:
    """Return every string to translate, with the files that it stands in."""
    found = Catalog(project="fairaudit", header_comment="# Strings of letters and reasons.", fuzzy=False)
    for path in sorted((PACKAGE / "explanation").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in KEYWORDS:
                continue
            for text in node.args:
                if isinstance(text, ast.Constant):
                    found.add(text.value, locations=[(f"explanation/{path.name}", 0)])
    return found


def languages() -> list[str]:
    """Return the languages that have a folder."""
    return sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/fairaudit.po"))


def po_path(language: str) -> Path:
    """Return where a language's translations stand."""
    return FOLDER / language / "LC_MESSAGES" / "fairaudit.po"


def updated(language: str) -> Catalog:
    """Return a language's translations with the strings of today, in order."""
    with po_path(language).open("rb") as file:
        catalog = read_po(file, locale=language)
    catalog.update(collected(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    """Return a catalogue as the text of a .po or .pot file, the same each time."""
    out = io.BytesIO()
    write_po(out, catalog, omit_header=False, sort_output=True, width=110, include_lineno=False)
    kept = (b'"MIME-Version', b'"Content-Type', b'"Content-Transfer-Encoding', b'"Language:', b'"Plural-Forms')
    head, _, rest = out.getvalue().partition(b"\n\n")
    # Dates, versions and blanks for names would change from machine to machine and say nothing.
    lines = [line for line in head.splitlines() if not line.startswith(b'"') or line.startswith(kept)]
    return b"\n".join(lines) + b"\n\n" + rest


def mo_bytes(catalog: Catalog) -> bytes:
    """Return a catalogue compiled for gettext, without dates."""
    kept = Catalog(locale=catalog.locale, project="fairaudit", charset="utf-8", fuzzy=False)
    for message in catalog:
        if message.id and message.string:
            kept.add(message.id, message.string)
    kept.mime_headers = [("Content-Type", "text/plain; charset=utf-8")]
    out = io.BytesIO()
    write_mo(out, kept)
    return out.getvalue()


def main() -> None:
    """Write the template, the updated translations and what is compiled of them."""
    (FOLDER / "fairaudit.pot").write_bytes(po_bytes(collected()))
    for language in languages():
        catalog = updated(language)
        po_path(language).write_bytes(po_bytes(catalog))
        po_path(language).with_suffix(".mo").write_bytes(mo_bytes(catalog))


if __name__ == "__main__":
    main()
