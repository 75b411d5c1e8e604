"""How students learn: fitting, what the teacher says of the samples, weights that are held."""
