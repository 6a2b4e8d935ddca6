"""fairaudit: fairness audits of anything that gives people a score."""

__version__ = "0.1.0"
