"""Models: made here, or wrapped; scores in their own units. Third-party models are imported when first used."""
