"""What counts can and cannot tell: intervals, tests, draws and sample sizes from arrays of counts.

Nothing here sees a row, a dataframe or a cube: arrays of counts go in, arrays of the same shape come out.

``counts`` the checks and small types shared by the room · ``proportion`` one rate and its interval ·
``contrast`` two rates: the one primary test and the interval dual to it, the others beside them (read this
first) · ``intervals`` the formulas of intervals for two rates · ``association`` the tests of a 2x2 table ·
``conditional`` the exact distribution behind Fisher and mid-p · ``combining`` contrasts made of contrasts ·
``ranking`` AUC and KS from counts by score bin · ``smd`` differences of mean scores in standard deviations ·
``bootstrap`` resampled counts · ``multiplicity`` Holm and Benjamini-Hochberg · ``power`` what these numbers
of people could have shown · ``roots`` the equation solver under the score intervals ·
``subgroups`` the search for crossings that stand out: ``thinning`` two halves of the people, ``crossings`` what
parents predict, ``hierarchical`` false discovery rate on a tree.
"""
