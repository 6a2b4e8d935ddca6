"""Translations: in step with the code, compiled as they stand, and with the blanks of the English text."""

import importlib.util
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from fairaudit.errors import SchemaError
from fairaudit.translations import FOLDER, LANGUAGES, REVIEWED, translator

PLACE = Path(__file__).parent.parent / "docs" / "translations.py"
SPEC = importlib.util.spec_from_file_location("translations_script", PLACE)
script = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(script)

TRANSLATED = [code for code in LANGUAGES if code != "en"]
STRINGS = {message.id for message in script.collected() if message.id and isinstance(message.id, str)}


def test_every_language_has_a_folder_and_the_template_is_what_the_code_says():
    assert script.languages() == sorted(TRANSLATED)
    assert (FOLDER / "fairaudit.pot").read_bytes() == script.po_bytes(script.collected())
    assert {"Your score", "{name} is too high", "points", "Score used"} <= STRINGS


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_file_is_made_of_the_text_file_and_the_text_file_of_the_code(language):
    catalog = script.updated(language)
    path = script.po_path(language)
    assert path.read_bytes() == script.po_bytes(catalog)
    assert path.with_suffix(".mo").read_bytes() == script.mo_bytes(catalog)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_string_is_translated(language):
    with script.po_path(language).open("rb") as file:
        lacking = [entry.id for entry in read_po(file, locale=language) if entry.id and not script.is_translated(entry)]
    assert not lacking, f"{language}: add these to {script.po_path(language).name} and run `make translations`"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_translation_has_the_blanks_of_the_english_text(language):
    def blanks(text):
        return set(re.findall(r"\{\w*\}", text))

    with script.po_path(language).open("rb") as file:
        entries = [entry for entry in read_po(file, locale=language) if entry.id and script.is_translated(entry)]
    assert len(entries) > 500
    for entry in entries:
        english = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        told = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        for text in told:
            assert blanks(text) in [blanks(one) for one in english], f"{language}: {text!r} of {entry.id!r}"


def test_english_is_the_source_and_no_other_language_is_said_to_be_reviewed():
    assert {translator("en")(text) for text in STRINGS} == STRINGS
    assert frozenset({"en"}) == REVIEWED


def test_a_language_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(SchemaError, match=r"'fr'.*en \(English\), es \(español\)"):
        translator("fr")
