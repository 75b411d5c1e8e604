"""Files, processes, memory and time: what the operating system gives, within bounds."""
