"""Check versions against the tested ranges, operators, device and data sets, and print a remedy for each problem."""

import argparse
import sys

HELP = 'check the installation, devices and data sets, and print remedies'
MARKS = {'ok': '[green]ok[/]', 'note': '[yellow]note[/]', 'fault': '[red]fault[/]'}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command: it has none."""


def run(args: argparse.Namespace) -> int:
    """Run the sub-command; return 1 if there is a fault."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from ..apis import diagnose

    findings = diagnose()
    table = Table(box=None, pad_edge=False)
    for heading in ('', 'subject', 'found', 'remedy'):
        table.add_column(heading, overflow='fold')
    for finding in findings:
        row = (finding.subject, finding.text, finding.remedy)
        table.add_row(MARKS[finding.state], *(escape(text) for text in row))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return int(any(finding.state == 'fault' for finding in findings))
