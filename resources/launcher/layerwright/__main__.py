"""``python -m layerwright``, for where the command is not on the path."""

from __future__ import annotations

import sys

from layerwright import main

sys.exit(main())
