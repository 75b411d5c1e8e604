"""Models of Keras 2 (tf_keras, TFMOT), carried over to Keras 3 through a child process."""
