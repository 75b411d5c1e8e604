"""Stage 5: costs and sensitivities measured, the next recipe chosen, predictions corrected."""
