"""Explanations of a score in its own units: attributions that add up to it exactly.

``trees``        an ensemble of trees as flat arrays
``parsing``      model objects to ensembles, each compared with the model's own output
``kernel``       Shapley values of ensembles, compiled (the only module that imports numba)
``attribution``  ``Explainer`` and ``Explanation``. Read this first
``gap_drivers``  the gap between two groups by feature; ``paired_shapley``, ``counted_drivers``, ``proxy_features``
``composition``  a gap as composition and coefficients
``people``       the rows and scores behind an explanation, and those at or just above the cut-off
``reason_codes`` principal reasons of a declined person; ``reason_parity`` those of a whole file, by group
``letters``      drafts of a notice and of a letter, written by ``pages`` in words of ``reason_words``
"""
