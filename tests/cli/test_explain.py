"""``fairaudit explain`` and ``fairaudit audit --model``, as a user calls them."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import fairaudit as fa
from fairaudit.cli import group
from fairaudit.errors import DataContractError, FairauditError, SchemaError

ACTIONS = "features:\n  debt: {change: down, step: 1}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with applicants, a saved scorecard, actions and words."""
    place = tmp_path_factory.mktemp("explain")
    rng = np.random.default_rng(8)
    people = pd.DataFrame({"income": rng.normal(50, 10, 400).round(1), "debt": rng.integers(0, 40, 400)})
    people["home"] = rng.choice(["own", "rent"], 400)
    people["group"] = rng.choice(["A", "B"], 400)
    good = rng.random(400) < 1 / (1 + np.exp(-(people["income"] - people["debt"] - 30) / 8))
    people["paid"] = np.where(good, "yes", "no")
    people.to_csv(place / "people.csv", index=False)
    fa.save_model(fa.Scorecard(good="yes").fit(people[["income", "debt", "home"]], people["paid"]), place / "model")
    (place / "actions.yaml").write_text(ACTIONS, encoding="utf-8")
    (place / "words.yaml").write_text("features:\n  debt: {too_high: Your debts are high}\n", encoding="utf-8")
    return place


def run(folder, *arguments, code=0):
    done = CliRunner().invoke(group, [str(argument) for argument in arguments], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert done.return_value == code
    return done.stdout


def explain(folder, *arguments):
    background = ("--background", folder / "people.csv")
    return run(folder, "explain", folder / "people.csv", "--model", folder / "model", *background, *arguments)


def declined(folder, cutoff=560):
    people = pd.read_csv(folder / "people.csv")
    scores = fa.load_model(folder / "model").score(people)
    return int(np.argsort(np.where(scores < cutoff, -scores, np.inf))[0]), scores


def test_a_row_is_taken_apart_and_adds_up(folder):
    row, scores = declined(folder)
    (made,) = json.loads(explain(folder, "--row", row, "--format", "json"))
    assert made["row"] == row
    assert made["score"] == pytest.approx(scores[row])
    assert made["base"] + sum(one["attribution"] for one in made["attributions"]) == pytest.approx(scores[row])
    assert made["reasons"] is made["recourse"] is made["declined"] is None


def test_a_declined_row_has_reasons_and_ways(folder):
    row, _ = declined(folder)
    options = ("--row", row, "--cutoff", 560, "--actions", folder / "actions.yaml", "--words", folder / "words.yaml")
    (made,) = json.loads(explain(folder, *options, "--format", "json"))
    assert made["declined"]
    assert made["reasons"]["row"] == row
    assert made["reasons"]["reasons"]
    assert made["recourse"]["status"] in ("found", "none exists")
    text = explain(folder, *options)
    assert f"Row {row}: " in text
    assert f"row {row}" in text.split("declined")[-1] or f"Reasons of row {row}" in text
    assert "Reasons of row 0" not in text or row == 0
    assert "cut-off 560: declined" in text
    for feature in ("income", "debt", "home"):
        assert feature in text


def test_a_file_of_few_rows_is_not_taken_for_the_people_compared_with(folder):
    with pytest.raises(DataContractError, match=r"people.csv holds 400 rows: too few .* Give --background a file"):
        run(folder, "explain", folder / "people.csv", "--model", folder / "model", "--row", 1)


def test_a_cut_off_that_is_no_number_is_refused(folder):
    with pytest.raises(SchemaError, match="A cut-off is a finite number in the units of the score, got nan"):
        explain(folder, "--row", 1, "--cutoff", "nan")


def test_a_letter_is_written_and_only_to_the_declined(folder, tmp_path):
    row, scores = declined(folder)
    out = tmp_path / "letter.html"
    explain(folder, "--row", row, "--cutoff", 560, "--letter", "--format", "html", "-o", out)
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "Draft" in explain(folder, "--row", row, "--cutoff", 560, "--letter", "--format", "md")
    with pytest.raises(DataContractError, match="there is no letter to write"):
        explain(folder, "--row", int(scores.argmax()), "--cutoff", 560, "--letter", "--format", "md")


def test_all_rows_come_as_a_tidy_table(folder, tmp_path):
    out = tmp_path / "all.csv"
    explain(folder, "--format", "csv", "-o", out, "-q")
    made = pd.read_csv(out)
    _, scores = declined(folder)
    assert made.groupby("row")["attribution"].sum().to_numpy() == pytest.approx(scores - scores.mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Which row"),
        (("--row", 400), "There is no row 400 in people.csv: it has rows 0 to 399"),
        (("--row", 1, "--letter", "--format", "md"), "need --cutoff"),
        (("--row", 1, "--format", "html"), "is for a --letter"),
        (("--row", 1, "--row", 2, "--letter", "--cutoff", 560, "--format", "md"), "--letter is for one --row"),
        (("--row", 1, "--units", "euros"), "explain it in 'points' or 'log-odds'"),
    ],
)
def test_what_cannot_be_is_said(folder, options, words):
    import click

    with pytest.raises((FairauditError, click.UsageError), match=words):
        explain(folder, *options)


def test_an_audit_of_a_saved_model_scores_the_rows(folder, tmp_path):
    out = tmp_path / "report"
    run(
        folder, "audit", folder / "people.csv", "--model", folder / "model", "--cutoff", 560, "--outcome", "paid",
        "--bad", "no", "--group", "group", "--reference", "group=A", "--actions", folder / "actions.yaml",
        "--words", folder / "words.yaml", "--out", out, "-q",
    )  # fmt: skip
    told = run(
        folder, "audit", folder / "people.csv", "--model", folder / "model", "--cutoff", 560, "--outcome", "paid",
        "--bad", "no", "--group", "group", "--reference", "group=A", "-q",
    )  # fmt: skip
    assert "What the model's score is made of, and what could change it:\n  - The mean score by group is" in told
    made = json.loads((out / "result.json").read_text(encoding="utf-8"))
    people = pd.read_csv(folder / "people.csv")
    scores = fa.load_model(folder / "model").score(people)
    rates = {one["group"]: one["num"] for one in made["rates"] if one["metric"] == "selection_rate"}
    assert rates["B"] == (scores[people["group"] == "B"] >= 560).sum()
    assert made["explanation"]["recourse"]
    assert made["direct_use"]["features"] == ["income", "debt", "home"]
    assert made["input"]["files"][0]["name"] == "people.csv"


def test_a_pickle_is_refused(folder, tmp_path):
    import click

    pickle = tmp_path / "model.pkl"
    pickle.write_bytes(b"\x80\x04.")
    with pytest.raises(DataContractError, match="pickle"):
        run(folder, "audit", folder / "people.csv", "--model", pickle, "--group", "group")
    with pytest.raises(click.UsageError, match="--trust is for a --model"):
        run(folder, "audit", folder / "people.csv", "--trust", "a.B", "--group", "group")
