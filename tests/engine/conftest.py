import sys
from pathlib import Path

# `training` is imported by the tests and run by them as a program.
sys.path.insert(0, str(Path(__file__).parent))
