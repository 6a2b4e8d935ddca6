"""Explanations of a score in its own units: attributions that add up to it exactly.

``attribution``  ``Explainer`` and ``Explanation``. Read this first
``gap_drivers``  the gap between two groups by feature; ``paired_shapley``, ``counted_drivers``, ``proxy_features``
``composition``  a gap as composition and coefficients
``people``       the rows and scores behind an explanation, and those at or just above the cut-off
``reason_codes`` principal reasons of a declined person; ``reason_parity`` those of a whole file, by group
``letters``      drafts of a notice and of a letter, written by ``pages`` in words of ``reason_words``
``targets``      what is explained: the model's raw output, or its score, and its better side
``opening``      pipelines and wrappers opened up: columns in, how they are encoded, the model inside
``pipelines``    which column is behind each encoded one
``backends``     the ways of working values out: closed form, trees, CatBoost's own, sampling
``parsing``      model objects to ensembles, each compared with the model's own output; a reader for each library in
                 ``sklearn_trees``, ``lightgbm_trees``, ``xgboost_trees``, ``catboost_trees`` (``reading``: shared)
``trees``        an ensemble of trees as flat arrays
``paths``        the kernel's instructions
``kernel``       Shapley values of ensembles, compiled (the only module that imports numba)
``sampling``     Shapley values of anything else, with standard errors
``charts``       waterfall, beeswarm and bars, as altair specs
"""
