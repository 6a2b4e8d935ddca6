"""A real Chromium, for the report and for the local page."""

import os
import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    known = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = next((found for found in known if found), None)
    if path is None:
        if os.environ.get("FAIRAUDIT_REQUIRE_ALL") == "1":
            pytest.fail("Chromium is demanded and not there: apt-get install chromium.")
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()
