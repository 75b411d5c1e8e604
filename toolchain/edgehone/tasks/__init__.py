"""What a model is for (kinds), and what its outputs are worth: metrics, guesses, robustness."""
