"""Rows in: files and frames of any kind, checked and counted; and the data sets that come along.

``sources`` opens · ``counting`` turns rows into a cube · ``checks`` finds the rows an issue is about ·
``bundled`` the data sets.
"""
