"""The door of the console command ``vsr``; it stands outside the package to survive what the package refuses."""

import signal
import sys


def main() -> int:
    """Run ``vsr_plugins.cli.main``, or say in a few lines why the package cannot be imported or that it was stopped."""
    try:
        try:
            from vsr_plugins.cli import main as run
        except ImportError as error:
            sys.stderr.write(f'vsr: error: {error}\n')
            return 2
        status = run()
        if status == 130:
            # What an interrupt leaves is complete; another one would only make the exit look like a crash.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return status
    except KeyboardInterrupt:
        # It came before a command had begun.
        sys.stderr.write('vsr: stopped\n')
        return 130
