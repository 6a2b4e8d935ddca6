"""The code of docs/drivers.md runs as it stands there."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "drivers.md"


def test_the_pages_code_runs():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    there: dict = {}
    for block in blocks:
        exec(block, there)
    assert there["made"].drivers
    assert len(blocks) == 2
