"""`python -m peers`: the command `peers`."""

import sys

from .command import main

sys.exit(main())
