"""Ways to look a number up in an audit, as a user would; and the data that cannot be committed."""

import os
from pathlib import Path

import pytest

import fairaudit as fa
from fairaudit.data.bundled import FOLDER_VARIABLE

collect_ignore = ["aif360_values.py"]  # makes values, in an environment that has AIF360


@pytest.fixture
def rate():
    """Return the one rate record of a metric, a group and, where given, an attribute and a cut-off."""

    def look_up(audit, metric, group, **wanted):
        found = [r for r in audit.result.rates if (r.metric, r.group) == (metric, group)]
        found = [r for r in found if all(getattr(r, name) == value for name, value in wanted.items())]
        assert len(found) == 1, found
        return found[0]

    return look_up


@pytest.fixture
def finding():
    """Return the one finding of a metric, a group and, where given, an attribute and a cut-off."""

    def look_up(audit, metric, group, **wanted):
        found = [f for f in audit.result.findings if (f.metric, f.group) == (metric, group)]
        found = [f for f in found if all(getattr(f, name) == value for name, value in wanted.items())]
        assert len(found) == 1, found
        return found[0]

    return look_up


@pytest.fixture(scope="session")
def compas():
    """COMPAS as ProPublica published it; never committed, and never downloaded by a test."""
    folder = os.environ.get(FOLDER_VARIABLE)
    files = fa.describe_dataset("compas").files
    if folder and any((Path(folder) / file.path).is_file() for file in files):
        return fa.load_dataset("compas")
    reason = f"COMPAS is not on this machine: put {files[0].path} into a folder and name it in {FOLDER_VARIABLE}"
    if os.environ.get("FAIRAUDIT_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
