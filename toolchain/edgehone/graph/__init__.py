"""What a Keras model is made of: loading, costs, channel groups, rebuilding it smaller."""
