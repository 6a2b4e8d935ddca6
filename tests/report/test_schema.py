import json

import jsonschema

from fairaudit.result import json_schema, read_result


def test_the_sample_that_reports_are_tested_with_obeys_the_contract(sample, hostile):
    validator = jsonschema.Draft202012Validator(json_schema())
    for result in (sample, hostile):
        validator.validate(json.loads(result.to_json()))
        assert read_result(result.to_json()) == result
