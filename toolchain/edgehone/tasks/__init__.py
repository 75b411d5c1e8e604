"""What a model's outputs are worth: metrics with intervals, constant answers, robustness."""
