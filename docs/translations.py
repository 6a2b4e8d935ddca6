"""Collect the strings of letters, reasons and reports, and compile what was translated: ``make translations``.

Strings stand in the code as ``say("...")``, ``marked("...")`` or ``many(number, "...", "...")``, in modules that
import these from ``fairaudit.translations``; the words of metrics and policies are data and are collected from where
they stand. They are written to ``fairaudit.pot``; each language's ``fairaudit.po`` keeps its translations and gains
the new strings, empty; ``fairaudit.mo`` is what the package reads. A string without a translation is said in English.
"""

from __future__ import annotations

import ast
import io
import struct
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from fairaudit.metrics import CONTRASTS, MEASURES, METRICS
from fairaudit.metrics.profit import FOR_STUDY
from fairaudit.policy.loading import load_policy, preset_ids
from fairaudit.policy.required import DOCUMENTS, template

PACKAGE = Path(__file__).parent.parent / "fairaudit"
FOLDER = PACKAGE / "translations"
KEYWORDS = {"say": 1, "marked": 1, "many": 2}
"""Calls that hold strings, and how many: one, or one for a single thing and one for several."""


def collected() -> Catalog:
    """Return every string to translate, with the files that it stands in."""
    found = Catalog(project="fairaudit", header_comment="# Strings of letters, reasons and reports.", fuzzy=False)
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree) if _speaks(tree) else ():
            for text in _strings(node):
                found.add(text, locations=[(place, 0)])
    for place, text in [*_of_metrics(), *_of_policies(), *_of_rules()]:
        found.add(text, locations=[(place, 0)])
    return found


def _speaks(tree: ast.Module) -> bool:
    """Whether a module has to do with translations at all: others may have a ``say`` of their own."""
    return any(isinstance(node, ast.ImportFrom) and _of_translations(node) for node in ast.walk(tree))


def _of_translations(node: ast.ImportFrom) -> bool:
    inside = (node.module or "").endswith("translations") or node.module is None  # ``from . import marked``
    return inside and any(name.name in {*KEYWORDS, "translator", "Say"} for name in node.names)


def _strings(node: ast.AST) -> list[str | tuple[str, str]]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in KEYWORDS:
        return []
    texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if KEYWORDS[node.func.id] == 1:
        return [text for text in texts if text]
    return [(texts[0], texts[1])] if len(texts) == 2 else []


def _of_metrics() -> list[tuple[str, str]]:
    """Return the words of metrics that a report prints; a source is a title, in the language that it is in."""
    found = []
    for item in (*METRICS.values(), *CONTRASTS.values()):
        found += [("metrics", text) for text in (item.title, item.plain, item.formula, item.undefined_when)]
    for item in MEASURES.values():
        found += [("metrics", text) for text in (item.title, item.reading, item.undefined_when)]
    return [*found, ("metrics", FOR_STUDY)]


def _of_policies() -> list[tuple[str, str]]:
    """Return the words of the policies that come along; sources and quotes stay in their language."""
    found = []
    for name in preset_ids():
        policy = load_policy(name).policy
        texts = [policy.title, policy.status, policy.jurisdiction, *policy.notes]
        if policy.direct_use is not None:
            texts += [policy.direct_use.source, *(one.basis for one in policy.direct_use.bases)]
        found += [(f"policy/presets/{name}.yaml", text) for text in texts]
    return found


def _of_rules() -> list[tuple[str, str]]:
    """Return the titles and headings of what rules ask for; places in a rule and sources stay in their language."""
    forms = [template(name) for name in DOCUMENTS]
    texts = [(form.id, text) for form in forms for text in (form.title, form.jurisdiction)]
    texts += [(form.id, part.heading) for form in forms for part in form.parts]
    return [(f"policy/required/{name}.yaml", text) for name, text in texts]


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
    """Return a catalogue compiled for gettext: no dates and versions in it, so the same each time.

    The format is in the manual of GNU gettext, section "The Format of GNU MO Files".
    """
    messages = [message for message in catalog if message.id]
    said = {_key(message.id): _key(message.string) for message in messages if is_translated(message)}
    head = f"Content-Type: text/plain; charset=utf-8\nPlural-Forms: {catalog.plural_forms}\n"
    head += f"X-Texts: {len(messages)}\nX-Lacking: {len(messages) - len(said)}\n"
    texts = {"": head, **said}
    pairs = [(text.encode(), said.encode()) for text, said in sorted(texts.items(), key=lambda pair: pair[0].encode())]
    first = 28
    at = first + 16 * len(pairs)
    tables, body = [], b""
    for side in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<2I", len(pair[side]), at + len(body)))
            body += pair[side] + b"\0"
    start = struct.pack("<7I", 0x950412DE, 0, len(pairs), first, first + 8 * len(pairs), 0, first + 16 * len(pairs))
    return start + b"".join(tables) + body


def is_translated(message: Message) -> bool:
    """Whether a string has a translation, in every form that the language needs."""
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _key(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else "\0".join(text)


def main() -> None:
    """Write the template, the updated translations and what is compiled of them."""
    (FOLDER / "fairaudit.pot").write_bytes(po_bytes(collected()))
    for language in languages():
        catalog = updated(language)
        po_path(language).write_bytes(po_bytes(catalog))
        po_path(language).with_suffix(".mo").write_bytes(mo_bytes(catalog))


if __name__ == "__main__":
    main()
