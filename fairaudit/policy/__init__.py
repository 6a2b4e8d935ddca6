"""What is measured, where the lines are, and what the evidence says about them.

``model`` is the shape of a policy file, ``reading`` and ``loading`` read presets and users' own YAML,
``evaluate`` turns numbers into one of four statuses, ``references`` picks the group compared with,
``families`` says which tests are corrected together. Nothing is imported here: ``model`` and ``loading``
bring pydantic and YAML, which take time.
"""

DEFAULT_POLICY = "us-fair-lending"
