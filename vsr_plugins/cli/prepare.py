"""TODO."""

import argparse

HELP = 'TODO'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    raise NotImplementedError
