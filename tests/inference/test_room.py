"""The room as a whole: quick to import, and silent about everything but counts."""

import subprocess
import sys

import fairaudit.inference


def test_importing_every_module_loads_no_scipy_stats():
    room = ["contrast", "ranking", "smd", "bootstrap", "multiplicity", "power", "combining"]
    lines = [f"import fairaudit.inference.{name}" for name in room]
    lines.append("import sys; print([name for name in sys.modules if name in {'scipy.stats', 'scipy.optimize'}])")
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_docstring_maps_the_room():
    text = fairaudit.inference.__doc__
    for name in ("proportion", "contrast", "conditional", "ranking", "bootstrap", "multiplicity", "power"):
        assert f"``{name}``" in text
