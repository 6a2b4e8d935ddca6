"""The search for less discriminatory models: three splits, families of candidates, a search, and a tested answer."""
