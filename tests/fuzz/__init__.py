"""Every reader of foreign files and answers, fed with damaged copies of good ones.

`make fuzz` runs for FUZZ_MINUTES; `python -m tests.fuzz --help` says the rest. A few inputs of each
reader are tried with the other tests (`test_fuzz.py`). What an input may end in is success, or a
refusal in one clear sentence; all else is a finding, and saved with the command that repeats it.
"""
