"""fairaudit train: what is trained on, what is refused, what is printed and written."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fairaudit as fa
from fairaudit.cli import main


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(4)
    n = 400
    income, debt = rng.normal(50, 15, n).round(2), rng.choice(["low", "some", "high"], n)
    paid = rng.random(n) < 1 / (1 + np.exp(-(0.06 * (income - 50) - 1.2 * (debt == "high") + 0.8)))
    made = pd.DataFrame({"id": [f"p{i}" for i in range(n)], "income": income, "debt": debt,
                         "tribe": rng.choice(["A", "B"], n), "outcome": np.where(paid, "paid", "default")})  # fmt: skip
    made.loc[[0, 7], "outcome"] = None
    made.loc[[3], "outcome"] = "withdrawn"
    return made


@pytest.fixture
def run(table, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table.to_csv("loans.csv", index=False)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairaudit", "train", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return ended.value.code, out, err

    return call


BASE = ["loans.csv", "--target", "outcome", "--good", "paid", "--bad", "default", "--group", "tribe", "--out", "model"]


def test_a_model_is_trained_told_and_written(run, table):
    code, out, err = run(*BASE)
    assert code == 0
    scorer = fa.load_model("model")
    assert scorer.feature_names == ("income", "debt")
    assert scorer.units == "points"
    assert "trained on 277, held out 120 that it never saw. Good outcome: paid." in out
    assert "not used: tribe (a declared group)" in out
    assert "not used: id (names nearly every row differently, as an id does)" in out
    assert "set aside: 2 people (outcome (missing))" in out
    assert "set aside: 1 people (outcome withdrawn)" in out
    assert str(scorer.model) in out
    assert f"AUC   {scorer.training['area_under_curve']:.3f}  [{scorer.training['low']:.3f}" in out
    assert err == "Written to model: held_out_rows.csv, model.json, scorecard.json\n"
    held_out = pd.read_csv("model/held_out_rows.csv")["row"].to_numpy() - 1
    assert not {0, 3, 7} & {*held_out.tolist()}
    # The rows are those of the file: their AUC is the one that was printed.
    from sklearn.metrics import roc_auc_score

    rows = table.iloc[held_out]
    assert roc_auc_score(rows["outcome"] == "paid", fa.load_model("model", units="probability").score(rows)) == (
        pytest.approx(scorer.training["area_under_curve"])
    )


def test_json_is_printed_alone(run):
    code, out, err = run(*BASE, "--kind", "logistic", "--scale", "500,20,40", "--format", "json", "--quiet")
    assert (code, err) == (0, "")
    made = json.loads(out)
    assert made["kind"] == "logistic"
    assert made["set_aside"] == {"outcome (missing)": 2, "outcome withdrawn": 1}
    assert fa.load_model("model").scale == fa.PointsScale(500, 20, 40)


def test_a_group_is_no_feature_unless_it_is_to_teach(run):
    code, _, err = run(*BASE, "--feature", "income", "--feature", "tribe")
    assert code == 2
    assert "'tribe' (tribe; declared group 'tribe')" in err
    assert "--drop COLUMN for each, or --teaching" in err
    assert not Path("model").exists()
    code, out, _ = run(*BASE, "--teaching")
    assert code == 0
    assert "TEACHING ONLY: trained on tribe (tribe)" in out
    assert "tribe" in fa.load_model("model").feature_names
    assert fa.load_model("model").training["prohibited"][0]["column"] == "tribe"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["loans.csv", "--target", "outcom", "--good", "paid", "--out", "model"], 2, "Did you mean 'outcome'"),
        (["loans.csv", "--target", "outcome", "--good", "payed", "--out", "model"], 2, "'payed' is not in column"),
        (["loans.csv", "--target", "outcome", "--good", "paid", "--out", "model"], 4, "Name the bad one with --bad"),
        ([*BASE, "--drop", "incme"], 2, "Did you mean 'income'"),
        ([*BASE, "--feature", "income", "--drop", "income"], 2, "by --feature and by --drop"),
        ([*BASE, "--feature", "outcome"], 2, "cannot be a feature"),
        ([*BASE, "--scale", "600"], 2, "takes SCORE,ODDS,POINTS"),
        ([*BASE, "--test-share", "1.5"], 2, "test_share is the share"),
        ([*BASE, "--kind", "forest"], 2, "'forest' is not one of"),
        (["nobody.csv", *BASE[1:]], 4, "No file at 'nobody.csv'"),
        (["loans.csv", "--target", "outcome", "--good", "paid"], 2, "--out"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(run, arguments, code, said):
    ended, out, err = run(*arguments)
    assert ended == code
    assert said in err
    assert out == ""
    assert not Path("model").exists()


def test_a_saved_model_is_replaced_only_when_asked(run):
    assert run(*BASE)[0] == 0
    code, _, err = run(*BASE, "--kind", "logistic")
    assert code == 2
    assert "--replace" in err
    assert fa.load_model("model").units == "points"
    assert run(*BASE, "--kind", "logistic", "--replace")[0] == 0
    assert fa.load_model("model").units == "probability"
    Path("full").mkdir()
    Path("full/letter.txt").write_text("dear")
    assert run(*BASE[:-1], "full")[0] == 2
    assert [one.name for one in Path("full").iterdir()] == ["letter.txt"]


# Back to the audit: rows that training never saw


@pytest.fixture
def audited(run, monkeypatch, capsys):
    def call(*arguments):
        common = ["--cutoff", "500", "--group", "tribe", "--reference", "tribe=A", "--format", "json", "--quiet"]
        monkeypatch.setattr(sys, "argv", ["fairaudit", "audit", *arguments, *common])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return ended.value.code, json.loads(out) if ended.value.code == 0 else None, err

    return call


def test_an_audit_keeps_to_the_rows_that_training_never_saw(run, audited, table):
    run(*BASE)
    code, result, _ = audited("loans.csv", "--model", "model", "--held-out")
    assert code == 0
    held_out = pd.read_csv("model/held_out_rows.csv")["row"].to_numpy() - 1
    assert result["input"]["ledger"] == {
        "read": 400, "used": 120,
        "set_aside": {"not among the rows that were held out of the model's training": 280},
    }  # fmt: skip
    assert "seen_in_training" not in [issue["code"] for issue in result["issues"]]
    scores = fa.load_model("model").score(table)
    shown = result["explanation"]["people"]
    assert shown
    for person in shown:  # rows are numbered as in the file
        assert person["row"] in held_out
        assert person["score"] == pytest.approx(scores[person["row"]])
    by_hand = fa.audit(table.iloc[held_out], model="model", cutoff=500, groups="tribe", reference={"tribe": "A"})
    assert [one["value"] for one in result["findings"]] == [one.value for one in by_hand.result.findings]


def test_an_audit_of_the_training_file_says_so(run, audited):
    run(*BASE)
    _, result, _ = audited("loans.csv", "--model", "model")
    issue = next(one for one in result["issues"] if one["code"] == "seen_in_training")
    assert issue["count"] == 277
    assert "trained on 277 of these 400 rows" in issue["message"]
    assert "--held-out" in issue["action"]
    assert result["input"]["ledger"]["used"] == 400


def test_held_out_rows_are_those_of_one_file(run, audited, table):
    run(*BASE)
    table.iloc[::-1].to_csv("turned.csv", index=False)
    code, _, err = audited("turned.csv", "--model", "model", "--held-out")
    assert code == 4
    assert "numbers the rows of loans.csv" in err
    assert "turned.csv (400 rows) is not that file, byte by byte" in err
    assert "seen_in_training" not in [one["code"] for one in audited("turned.csv", "--model", "model")[1]["issues"]]
    code, _, err = audited("loans.csv", "--score", "income", "--higher-is", "better", "--held-out")
    assert code == 2
    assert "--held-out is for a --model" in err
    code, _, err = audited("loans.csv", "--model", "model/scorecard.json", "--held-out")
    assert code == 2
    assert "does not say which rows its training never saw" in err


@pytest.mark.parametrize("text", ["row\n1\n1\n", "row\n401\n", "number\n5\n", "row\nfive\n", ""])
def test_row_numbers_that_training_did_not_write_are_refused(run, audited, text):
    run(*BASE)
    Path("model/held_out_rows.csv").write_text(text, encoding="utf-8")
    code, _, err = audited("loans.csv", "--model", "model", "--held-out")
    assert code == 4
    assert "a line 'row', then 120 different numbers from 1 to 400" in err
