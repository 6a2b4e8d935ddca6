"""Rows in: files and frames of any kind, checked and counted; and the data sets that come along.

``sources`` opens · ``counting`` turns rows into a cube · ``dense`` counts Parquet by codes · ``parts`` keeps the counts
of finished files · ``progress`` says how far it is · ``checks`` finds the rows an issue is about · ``bundled`` the data
sets.
"""
