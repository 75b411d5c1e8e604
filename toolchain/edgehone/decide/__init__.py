"""Budgets: which metrics they limit, which limits make sense, and whether they are met."""
