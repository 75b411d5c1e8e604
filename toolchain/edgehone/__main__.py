"""`python -m edgehone` is the command line."""

import sys

from edgehone.cli.app import main

sys.exit(main())
