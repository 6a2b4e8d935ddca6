"""docs/models.md: its examples run, its lists are those of the program."""

import doctest
import re
from pathlib import Path

from fairaudit.models.formats import FILES
from fairaudit.models.skops_file import TRUSTED

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


def test_the_examples_give_what_the_page_says():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert failed == 0
    assert tried == 12


def test_the_page_names_every_trusted_type_and_every_file():
    text = PAGE.read_text(encoding="utf-8")
    listed = text.partition("which hold numbers and run nothing:")[2].partition("- **A changed file**")[0]
    assert re.findall(r"`([^`]+)`", listed) == sorted(TRUSTED)
    for name in FILES.values():
        assert f"`{name}`" in text
