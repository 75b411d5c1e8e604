"""`edgehone app`: kits that bring a model into apps, and the logs that those print."""
