"""Products that visitors have looked at."""

RECENT = []


def remember(rows):
    RECENT.extend(rows)
