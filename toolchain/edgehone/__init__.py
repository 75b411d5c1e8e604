"""edgehone: from a trained Keras model to the smallest one that still does the job on a device."""

__version__ = "0.2.0"
