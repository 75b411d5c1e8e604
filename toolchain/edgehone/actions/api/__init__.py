"""What `import edgehone` offers: Python objects in, values out, through the commands' own actions.

`boundary` is the edge that every function has; `models`, `datasets`, `techniques` and `budgets`
turn objects into what actions take; the other files are the functions.
"""
