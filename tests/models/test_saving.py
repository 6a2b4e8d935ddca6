"""Saved and loaded: the same scores without pickle; what is hostile or damaged is refused with the reason."""

import hashlib
import json
import pickle
import zipfile

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import fairaudit as fa
from fairaudit.errors import DataContractError, SchemaError
from fairaudit.models import formats, onnx_model
from fairaudit.models.features import Feature

KINDS = ["scorecard", "logistic", "boosting"]
SCALE = fa.PointsScale(500, 20, 40)


@pytest.fixture(scope="module")
def trained(people):
    table, outcome = people
    return {kind: fa.train(table[["income", "debt"]], outcome, good="paid", kind=kind, scale=SCALE) for kind in KINDS}


@pytest.fixture
def folder(trained, tmp_path):
    return fa.save_model(trained["scorecard"], tmp_path / "model")


@pytest.mark.parametrize("kind", KINDS)
def test_a_trained_model_comes_back_with_its_scores_and_its_record(people, trained, tmp_path, kind):
    table, _ = people
    made = trained[kind]
    scorer = fa.wrap(made)
    back = fa.load_model(fa.save_model(made, tmp_path / "model"))
    assert np.array_equal(back.score(table), scorer.score(table))
    assert back.score(table) == pytest.approx(
        SCALE.points(np.log(made.probability_of_good(table)) - np.log1p(-made.probability_of_good(table)))
    )
    assert (back.units, back.good, back.feature_names) == ("points", "paid", ("income", "debt"))
    assert back.features[1] == Feature("debt", "category", ("high", "low", "some"))
    assert back.training["area_under_curve"] == made.area_under_curve
    assert back.training["settings"]["rng"] == 0
    chance = fa.load_model(tmp_path / "model", units="probability")
    assert chance.score(table) == pytest.approx(made.probability_of_good(table))
    rows = pd.read_csv(tmp_path / "model" / "held_out_rows.csv")["row"]
    assert rows.tolist() == (made.test_rows + 1).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_a_category_never_seen_is_counted_with_what_the_model_does(people, trained, tmp_path, kind):
    back = fa.load_model(fa.save_model(trained[kind], tmp_path / "model"))
    rows = pd.DataFrame({"income": [40, 40, None], "debt": ["huge", "low", None]})
    assert np.isfinite(back.score(rows)).all()
    (issue,) = back.check(rows)
    assert (issue.code, issue.count, issue.column, issue.rows) == ("category_never_seen", 1, "debt", (1,))
    assert issue.action == trained[kind].unseen
    with pytest.raises(DataContractError, match=r"'income' is a number to the model, and row 1 .* holds 'much'"):
        back.score({"income": ["much"], "debt": ["low"]})


def test_what_is_said_of_a_category_never_seen_is_so(people, trained):
    table, _ = people
    rows = table.assign(debt="huge")
    boosting = fa.wrap(trained["boosting"])
    assert np.array_equal(boosting.score(rows), boosting.score(table.assign(debt=None)))
    card = trained["scorecard"].model
    without = card.parts(rows[["income", "debt"]], log_odds=True)
    assert (without[:, 1] == 0).all()


@pytest.mark.parametrize(
    "model",
    [CalibratedClassifierCV(LogisticRegression()), GradientBoostingClassifier(n_estimators=5, random_state=0)],
    ids=["calibrated", "boosting"],
)
def test_scikit_learn_s_own_models_need_no_trust(coded, tmp_path, model):
    rows, paid = coded
    rows = rows[["income"]].fillna(0)
    scorer = fa.wrap(model.fit(rows, paid), good=0, scale=SCALE)
    back = fa.load_model(fa.save_model(scorer, tmp_path / "model"))
    assert np.array_equal(back.score(rows), scorer.score(rows))


def test_a_regressor_keeps_its_direction(coded, tmp_path):
    rows, paid = coded
    model = RandomForestRegressor(n_estimators=3, random_state=0).fit(rows[["income"]].fillna(0), paid)
    back = fa.load_model(fa.save_model(fa.wrap(model, higher_is="worse"), tmp_path / "model"))
    assert back.higher_is == "worse"
    assert np.array_equal(back.score(rows.fillna({"income": 0})), model.predict(rows[["income"]].fillna(0)))


class Homemade(ClassifierMixin, BaseEstimator):
    """A classifier that no library knows."""

    def fit(self, X, y):  # noqa: N803
        self.classes_, self.feature_names_in_ = np.unique(y), np.array(list(X.columns), dtype=object)
        return self

    def predict_proba(self, X):  # noqa: N803
        return np.column_stack([np.full(len(X), 0.25), np.full(len(X), 0.75)])


def test_a_type_that_nobody_trusted_is_named_and_loads_when_it_is(coded, tmp_path):
    rows, paid = coded
    scorer = fa.wrap(Homemade().fit(rows, paid), good=1)
    saved = fa.save_model(scorer, tmp_path / "model")
    name = f"{Homemade.__module__}.Homemade"
    with pytest.raises(DataContractError, match=rf"not trusted: {name}\. Nothing was built.*--trust {name}"):
        fa.load_model(saved)
    assert fa.load_model(saved, trusted=[name]).score(rows) == pytest.approx(0.75)
    assert fa.load_model(saved / "model.skops", trusted=name, good=0).score(rows) == pytest.approx(0.25)


# Pickles


@pytest.mark.parametrize("name", ["m.pkl", "m.txt", "m.skops", "m.json", "model", "m.onnx", "m.cbm"])
@pytest.mark.parametrize("protocol", [2, 5])
def test_a_pickle_is_refused_whatever_it_is_called(tmp_path, name, protocol):
    (tmp_path / name).write_bytes(pickle.dumps({"a": 1}, protocol=protocol))
    with pytest.raises(DataContractError, match="is a pickle, and pickles are not loaded: a pickle runs"):
        fa.load_model(tmp_path / name)


@pytest.mark.parametrize("name", ["m.pickle", "m.joblib", "m.sav", "m.pkl.gz"])
def test_a_file_named_like_a_pickle_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"(dp0\n.")  # protocol 0 has no mark of its own
    with pytest.raises(DataContractError, match="named like a pickle"):
        fa.load_model(tmp_path / name)


@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3)])
def test_what_joblib_writes_is_refused(tmp_path, compress):
    joblib.dump({"a": np.arange(3)}, tmp_path / "m.bin", compress=compress)
    with pytest.raises(DataContractError, match=r"pickle|packed with"):
        fa.load_model(tmp_path / "m.bin")


def test_an_archive_or_a_folder_with_a_pickle_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.skops", "w") as archive:
        archive.writestr("data.pkl", b"x")
    with pytest.raises(DataContractError, match="holds a pickle"):
        fa.load_model(tmp_path / "m.skops")
    (tmp_path / "m.skops").unlink()
    (tmp_path / "model.pkl").write_bytes(b"x")
    with pytest.raises(DataContractError, match=r"no folder of save_model.*model\.pkl"):
        fa.load_model(tmp_path)


# Damaged and hostile files


def test_a_changed_file_and_a_changed_card_are_told_apart(folder):
    file = folder / "scorecard.json"
    file.write_text(file.read_text().replace('"round_points": false', '"round_points": true'))
    with pytest.raises(DataContractError, match=r"scorecard\.json .* sha256 differs"):
        fa.load_model(folder)
    file.unlink()
    with pytest.raises(DataContractError, match=r"has no scorecard\.json of its own"):
        fa.load_model(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": "../../etc/passwd"}, "'scorecard.json' for this format and nothing else"),
        ({"file_format": "pickle"}, "file_format"),
        ({"sha256": "x"}, "sha256"),
        ({"units": "dollars"}, "units"),
        ({"good": None}, "good"),
        ({"classes": ["a"]}, "classes are two"),
        ({"scale": {"base_score": 1.0, "base_odds": -1.0, "points_to_double_odds": 1.0}}, "base_odds"),
        ({"feature_names": ["x"]}, "features are not those"),
        ({"trusted": ["os.system"]}, "trusted"),
        ({"format": "fairaudit model 2"}, "format"),
    ],
)
def test_a_card_with_impossible_values_is_refused(folder, change, said):
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**card, **change}))
    with pytest.raises(DataContractError, match=said):
        fa.load_model(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a":' * 3000])
def test_a_card_that_is_none_is_refused(folder, text):
    (folder / "model.json").write_text(text)
    with pytest.raises(DataContractError, match="no model's card"):
        fa.load_model(folder)


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path):
    (folder / "scorecard.json").rename(tmp_path / "elsewhere.json")
    (folder / "scorecard.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(DataContractError, match="of its own"):
        fa.load_model(folder)


def test_a_card_that_names_another_format_than_the_file_s_is_refused(folder):
    (folder / "scorecard.json").write_bytes(b"CBM1 and so on")
    card = json.loads((folder / "model.json").read_text())
    card["sha256"] = hashlib.sha256(b"CBM1 and so on").hexdigest()
    (folder / "model.json").write_text(json.dumps(card))
    with pytest.raises(DataContractError, match="no scorecard file"):
        fa.load_model(folder)


def test_other_versions_are_refused_unless_asked_for(people, trained, tmp_path):
    table, _ = people
    folder = fa.save_model(trained["logistic"], tmp_path / "model")
    card = json.loads((folder / "model.json").read_text())
    assert {"fairaudit", "python", "scikit-learn", "skops"} == {*card["versions"]}
    card["versions"]["scikit-learn"] = "0.24.2"
    (folder / "model.json").write_text(json.dumps(card))
    with pytest.raises(DataContractError, match=r"saved with scikit-learn 0\.24\.2, and here is .*same minor version"):
        fa.load_model(folder)
    assert len(fa.load_model(folder, other_versions=True).score(table)) == 600


def test_a_skops_file_that_breaks_off_is_refused(people, trained, tmp_path):
    whole = (fa.save_model(trained["logistic"], tmp_path / "model") / "model.skops").read_bytes()
    for end in range(1, len(whole), len(whole) // 12):
        (tmp_path / "m.skops").write_bytes(whole[:end])
        with pytest.raises(DataContractError):
            fa.load_model(tmp_path / "m.skops", good="paid")


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "LARGEST", 1_000_000)
    with zipfile.ZipFile(tmp_path / "m.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b"{}")
        archive.writestr("zeros.npy", bytes(2_000_000))
    assert (tmp_path / "m.skops").stat().st_size < 10_000
    with pytest.raises(DataContractError, match=r"unpacks to 2,000,002 bytes"):
        fa.load_model(tmp_path / "m.skops", good=1)
    (tmp_path / "m.txt").write_bytes(b"tree\n" + bytes(1_000_000))
    with pytest.raises(DataContractError, match="more than 1,000,000 is not read"):
        fa.load_model(tmp_path / "m.txt", good=1)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("m.skops", b"PK\x03\x04 and nothing", "damaged archive"),
        ("m.json", b'{"a": 1}', "neither a scorecard"),
        ("m.json", b"{oops", "is not JSON"),
        ("m.json", b'{"learner":' * 5000, "nested too deep"),
        ("m.json", b'{"learner": {}}', "cannot be read"),
        ("m.json", b'{"format": "fairaudit scorecard 1"}', "no scorecard"),
        ("m.onnx", b"nothing", "cannot be read as ONNX"),
        ("m.cbm", b"CBM1", "cannot be read"),
        ("m.txt", b"a letter", "none of the formats"),
        ("m.txt", b"", "is empty"),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataContractError, match=said):
        fa.load_model(tmp_path / name, good=1)


def test_a_name_that_is_not_there_is_suggested(folder):
    with pytest.raises(DataContractError, match="Did you mean 'model'"):
        fa.load_model(folder.parent / "modle")


# Writing


def test_what_cannot_be_kept_is_refused(tmp_path):
    for model in (
        fa.wrap(lambda rows: rows["a"], higher_is="better", feature_names=["a"]),
        fa.wrap("a", higher_is="worse"),
    ):
        with pytest.raises(SchemaError, match="cannot be saved"):
            fa.save_model(model, tmp_path / "model")
    with pytest.raises(SchemaError, match=r"save fairaudit\.wrap"):
        fa.save_model(LogisticRegression(), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_replaced_whole_and_only_when_asked(trained, folder):
    with pytest.raises(SchemaError, match="replace=True"):
        fa.save_model(trained["logistic"], folder)
    fa.save_model(trained["logistic"], folder, replace=True)
    assert sorted(entry.name for entry in folder.iterdir()) == ["held_out_rows.csv", "model.json", "model.skops"]
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(SchemaError, match=r"something else .*letter\.txt"):
        fa.save_model(trained["logistic"], folder, replace=True)
    assert [entry.name for entry in folder.parent.iterdir()] == ["model"]


def test_a_failure_leaves_the_old_model_and_nothing_beside(trained, folder, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fairaudit.models.saving.os.replace", fail)
    with pytest.raises(OSError, match="No space"):
        fa.save_model(trained["logistic"], folder, replace=True)
    assert fa.load_model(folder).good == "paid"
    assert [entry.name for entry in folder.parent.iterdir()] == ["model"]


def test_the_card_speaks_for_its_folder(folder):
    assert fa.load_model(folder / "model.json").good == "paid"
    with pytest.raises(SchemaError, match=r"card .* says good"):
        fa.load_model(folder, good="paid")


def test_a_bare_scorecard_knows_everything(people, trained, folder):
    table, _ = people
    assert np.array_equal(fa.load_model(folder / "scorecard.json").score(table), fa.load_model(folder).score(table))


def test_a_missing_extra_is_named_with_its_command(trained, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skops.io", None)
    with pytest.raises(SchemaError, match=r"needs skops: pip install 'fairaudit-toolkit\[models\]'"):
        fa.save_model(trained["logistic"], tmp_path / "model")


# ONNX


@pytest.fixture(scope="module")
def onnx(coded):
    from skl2onnx import to_onnx

    rows, paid = coded
    rows = rows[["income"]].fillna(0).assign(other=np.arange(600) / 600)
    model = LogisticRegression().fit(rows.to_numpy(np.float32), np.where(paid == 1, "paid", "default"))
    given = rows.to_numpy(np.float32)[:1]
    plain = to_onnx(model, given, options={id(model): {"zipmap": False}}).SerializeToString()
    return rows, model.predict_proba(rows.to_numpy(np.float32)), to_onnx(model, given).SerializeToString(), plain


def test_an_onnx_model_scores_as_the_model_that_it_was(onnx, tmp_path):
    rows, chance, named, plain = onnx
    (tmp_path / "m.onnx").write_bytes(named)
    scorer = fa.load_model(tmp_path / "m.onnx", good="paid", feature_names=["income", "other"])
    assert scorer.score(rows) == pytest.approx(chance[:, 1], abs=1e-6)
    back = fa.load_model(fa.save_model(scorer, tmp_path / "model"))
    assert np.array_equal(back.score(rows), scorer.score(rows))
    (tmp_path / "m.onnx").write_bytes(plain)
    known = {"feature_names": ["income", "other"], "good": "paid"}
    with pytest.raises(SchemaError, match="give classes="):
        fa.load_model(tmp_path / "m.onnx", **known)
    scorer = fa.load_model(tmp_path / "m.onnx", **known, classes=["default", "paid"])
    assert scorer.score(rows) == pytest.approx(chance[:, 1], abs=1e-6)
    with pytest.raises(DataContractError, match="not the order of the ONNX model's columns"):
        fa.load_model(tmp_path / "m.onnx", **known, classes=["paid", "default"]).score(rows)
    with pytest.raises(SchemaError, match="takes 2 columns and got 1"):
        fa.load_model(tmp_path / "m.onnx", good="paid", feature_names=["income"])
    with pytest.raises(SchemaError, match="feature_names="):
        fa.load_model(tmp_path / "m.onnx", good="paid")


def test_an_onnx_model_of_named_columns_takes_text_and_says_what_is_missing(people):
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    table, outcome = people
    rows = table.assign(income=table["income"].fillna(0), debt=table["debt"].fillna("unknown"))[["income", "debt"]]
    words = ColumnTransformer(
        [("n", StandardScaler(), ["income"]), ("w", OneHotEncoder(handle_unknown="ignore"), ["debt"])]
    )
    model = make_pipeline(words, LogisticRegression()).fit(rows, outcome)
    types = [("income", FloatTensorType([None, 1])), ("debt", StringTensorType([None, 1]))]
    made = onnx_model.read("m.onnx", to_onnx(model, initial_types=types).SerializeToString())
    scorer = fa.wrap(made, good="paid")
    assert scorer.feature_names == ("income", "debt")
    assert scorer.score(rows) == pytest.approx(model.predict_proba(rows)[:, 1], abs=1e-6)
    with pytest.raises(DataContractError, match="'debt' is missing in 600 rows"):
        scorer.score(rows.assign(debt=None))


def test_an_onnx_regressor_keeps_its_numbers(coded):
    from skl2onnx import to_onnx
    from sklearn.linear_model import LinearRegression

    rows, paid = coded
    rows = rows[["income"]].fillna(0)
    model = LinearRegression().fit(rows, paid)
    made = onnx_model.read("m.onnx", to_onnx(model, rows.to_numpy(np.float32)[:1]).SerializeToString())
    scorer = fa.wrap(made, higher_is="better", feature_names=["income"])
    assert scorer.score(rows) == pytest.approx(model.predict(rows), abs=1e-5)


def test_weights_in_a_file_outside_are_not_fetched(tmp_path):
    from onnx import TensorProto, helper

    weights = TensorProto(name="w", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "../secret"), ("offset", "0"), ("length", "4")):
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    ends = [helper.make_tensor_value_info(name, 1, [None, 1]) for name in "XY"]
    graph = helper.make_graph([helper.make_node("Mul", ["X", "w"], ["Y"])], "g", ends[:1], ends[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "secret").write_bytes(bytes(4))
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(DataContractError, match="cannot be read as ONNX"):
        fa.load_model(tmp_path / "inside" / "m.onnx", higher_is="better", feature_names=["x"])
