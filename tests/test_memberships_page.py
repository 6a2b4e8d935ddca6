"""The page on memberships: its example runs, and it names every scheme."""

import doctest
from pathlib import Path

from fairaudit.schema.belonging import schemes

PAGE = Path(__file__).parents[1] / "docs" / "memberships.md"


def test_the_example_gives_what_the_page_says():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert (failed, tried) == (0, 5)


def test_every_scheme_is_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    for name in schemes():
        assert f"| `{name}` |" in text
