"""The loop: from a teacher, data and devices to a winner, stage by stage."""
