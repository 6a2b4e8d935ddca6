"""``fairaudit subgroups`` as a user runs it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from fairaudit.cli import group

ASK = ["--decision", "ok", "--favorable", "yes", "--group", "race", "--group", "sex", "--counts", "n"]


@pytest.fixture
def file(tmp_path):
    rows = ["race,sex,ok,n"]
    for race in ("Black", "White"):
        for sex in ("F", "M"):
            selected = 300 if (race, sex) == ("Black", "F") else 600
            rows += [f"{race},{sex},yes,{selected}", f"{race},{sex},no,{1000 - selected}"]
    path = tmp_path / "people.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return str(path)


def run(*arguments):
    return CliRunner().invoke(group, ["subgroups", *arguments], catch_exceptions=False, standalone_mode=False)


def test_it_prints_a_ranked_list_in_words(file):
    done = run(file, *ASK, "--depth", "2", "--seed", "1")
    assert done.return_value == 0
    assert "race: Black, sex: F: " in done.output
    assert "worse off" in done.output
    assert "2 attributes crossed: 4 groups in 1 set of attributes, 4 tested, 0 too small" in done.output
    assert "seed 1" in done.output


def test_the_same_input_gives_the_same_bytes(file):
    assert run(file, *ASK, "--format", "json").output == run(file, *ASK, "--format", "json").output


@pytest.mark.parametrize(("name", "start"), [("md", "# Subgroup"), ("csv", "rank,"), ("json", "{"), ("html", "<!")])
def test_each_format_is_printed_or_written(file, name, start, tmp_path):
    printed = run(file, *ASK, "--format", name).output
    assert printed.startswith(start)
    out = tmp_path / f"found.{name}"
    run(file, *ASK, "--format", name, "--out", str(out), "--quiet")
    assert out.read_text(encoding="utf-8") == printed


def test_json_holds_the_planted_crossing(file):
    plain = json.loads(run(file, *ASK, "--format", "json").output)
    found = [one for one in plain["subgroups"] if one["levels"] == {"race": "Black", "sex": "F"}]
    assert found[0]["confirmed"]
    assert np.isclose(found[0]["gap"], -0.3, atol=0.06)


def test_options_reach_the_search(file):
    done = run(file, *ASK, "--depth", "1", "--direction", "better", "--share", "0.4", "--most", "1", "--format", "json")
    plain = json.loads(done.output)
    assert (plain["depth"], plain["direction"], plain["share"]) == (1, "better", 0.4)
    assert plain["search_people"] == 1600
    assert [one["side"] for one in plain["subgroups"]] == ["higher"]
    assert plain["left_out"] == 1
