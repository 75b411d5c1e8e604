"""Parts of the page about a run, one a file; `_base.Section` says what a part is."""
