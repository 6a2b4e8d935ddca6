"""Translations: in step with the code, compiled as they stand, and whole."""

import gettext
import importlib.util
import re
from pathlib import Path

import pytest

from fairaudit.errors import SchemaError
from fairaudit.translations import FOLDER, LANGUAGES, REVIEWED, translator

PLACE = Path(__file__).parent.parent / "docs" / "translations.py"
SPEC = importlib.util.spec_from_file_location("translations_script", PLACE)
script = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(script)

TRANSLATED = [code for code in LANGUAGES if code != "en"]
STRINGS = {message.id for message in script.collected() if message.id}


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
def test_every_string_is_translated_with_the_same_blanks(language):
    say = translator(language)
    for text in STRINGS:
        assert sorted(re.findall(r"\{\w+\}", say(text))) == sorted(re.findall(r"\{\w+\}", text)), text
    kept = {text for text in STRINGS if say(text) == text}
    assert kept <= {"{name}", "{name}: {value}", "no"}
    with (FOLDER / language / "LC_MESSAGES" / "fairaudit.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Your score") == say("Your score")


def test_english_is_the_source_and_no_other_language_is_said_to_be_reviewed():
    assert {translator("en")(text) for text in STRINGS} == STRINGS
    assert frozenset({"en"}) == REVIEWED


def test_a_language_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(SchemaError, match=r"'fr'.*en \(English\), es \(español\)"):
        translator("fr")
