"""Scoring systems as data: one readable file a system, to run, audit and explain. Everything here is a simulation."""
