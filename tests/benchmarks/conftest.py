"""The scripts of benchmarks/, which import each other by plain name."""

import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(SCRIPTS))
sys.path.append(str(SCRIPTS / "adapters"))
