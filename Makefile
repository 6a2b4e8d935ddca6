.PHONY: help install test lint format types contract schema metrics translations bench mutation coursework demo ci

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install:  ## editable, with all that developing needs
	pip install -e '.[dev]'

test:  ## tests, doctests and notebooks
	pytest -n auto

lint:  ## ruff
	ruff check . && ruff format --check .

format:  ## lay out the code
	ruff format . && ruff check --fix .

types:  ## mypy, strict
	mypy

contract:  ## lower floors never import higher ones
	lint-imports

schema:  ## write fairaudit/result.schema.json anew
	python -c "import json; from fairaudit.result import json_schema; print(json.dumps(json_schema(), indent=2))" > fairaudit/result.schema.json

metrics:  ## write docs/metrics anew, a page a metric
	python docs/metric_pages.py

translations:  ## collect the strings of letters, compile what is translated
	python docs/translations.py

bench:  ## benchmarks, both sides in one process
	python benchmarks/metricframe.py

mutation:  ## small changes of the statistics, which tests should notice (docs/mutation.md); MODULES and SAMPLE to choose
	nice -n 10 python benchmarks/mutation.py $(or $(MODULES),$(wildcard fairaudit/policy/*.py fairaudit/metrics/*.py fairaudit/cube/*.py fairaudit/inference/*.py)) --sample $(or $(SAMPLE),20) --out mutation.jsonl
	python benchmarks/mutation.py --table mutation.jsonl

coursework:  ## write notebooks/students anew, without the answers
	python docs/student_notebooks.py

demo:  ## the worked example
	fairaudit demo

ci:  ## all of it, in fresh environments
	.ci/run
