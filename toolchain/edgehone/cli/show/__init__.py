"""How results are printed on a terminal, one kind of result a file."""
