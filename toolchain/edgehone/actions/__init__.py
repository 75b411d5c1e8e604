"""What a user can ask for, without a terminal: requests in, values out."""
