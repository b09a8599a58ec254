"""Measures the code of tests/evidence/cases before and after dynaleak's rewrite."""
