"""`edgehone gate`: files and runs checked against budgets, and why one fails."""
