"""``fairaudit doctor``: what a bug report needs to say."""

from __future__ import annotations

import importlib.metadata
import platform

import click

from .._version import __version__

PACKAGES = (
    "numpy", "scipy", "pandas", "pyarrow", "narwhals", "duckdb", "scikit-learn", "fairlearn", "shap", "pydantic",
    "pyyaml", "jinja2", "click", "rich", "pooch", "polars", "statsmodels", "lightgbm", "xgboost", "xgboost-cpu",
    "catboost", "skops", "onnxruntime", "optbinning", "optuna",
)  # fmt: skip


@click.command("doctor", short_help="Versions, for a bug report.")
def command() -> int:
    """Print versions, and whether the data sets and policies are where they should be."""
    from ..data.bundled import dataset_names, describe, path
    from ..policy.loading import load_policy, preset_ids

    click.echo(f"fairaudit {__version__}")
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = "not installed"
        click.echo(f"  {name} {version}")
    bundled = [name for name in dataset_names() if describe(name).bundled]
    for name in bundled:
        path(name)
    for name in preset_ids():
        load_policy(name)
    click.echo(f"Data sets found and unchanged: {', '.join(bundled)}")
    click.echo(f"Policies found and valid: {', '.join(preset_ids())}")
    return 0
