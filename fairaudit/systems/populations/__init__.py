"""Simulated people whose truth is known: what each mechanism did to every score is worked out, not estimated."""
