"""The command line without a window, the commands of cli/commands.py; also `python -m engine`.

Here errors become exit codes. What does the work is imported once the arguments are read, since torch takes seconds to
load.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from typing import NoReturn

from engine import cores, heap
from engine.cli.commands import COMMANDS
from engine.cli.terminal import silence
from engine.errors import TesseraError, UsageError
from engine.files import unusable
from engine.nearest import nearest


def main(argv: list[str]) -> int:
    """Runs one command.

    Returns:
        0 when all went well (also after Ctrl-C, when the training was kept), 1 for a failure, 2 for bad arguments, 130
        where a second Ctrl-C ended it at once.
    """
    try:
        arguments = _read(argv)
    except SystemExit as end:
        silence()
        return end.code if isinstance(end.code, int) else 2
    cores.wait_passively()
    heap.keep_freed()
    try:
        code = arguments.command.run(arguments)
        sys.stdout.flush()  # here, where somebody hears that nobody reads it
        return code
    except UsageError as error:
        return _complain(str(error), 2)
    except TesseraError as error:
        return _complain(str(error), 1)
    except BrokenPipeError:  # nobody reads what is printed any more
        silence()
        return 1
    except KeyboardInterrupt:
        return _complain("Stopped at once; nothing more was kept.", 130)
    except Exception as error:
        if isinstance(error, OSError) and error.filename:
            return _complain(unusable(error.filename, error), 1)
        return _complain(f"Something unexpected went wrong ({type(error).__name__}: {error}). Please report it.", 1)


def _complain(message: str, code: int) -> int:
    with suppress(OSError):
        print(f"tessera: {message}", file=sys.stderr)
    silence()
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"tessera: {message.rstrip('.')}. See {self.prog} --help.\n")


class _Formatter(argparse.HelpFormatter):
    """Leaves the lines of examples as they are; all else is wrapped."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith("examples:") else super()._fill_text(text, width, indent)


def _read(argv: list[str]) -> argparse.Namespace:
    """The arguments. Raises SystemExit: they can not be had, which is said, or help was asked for."""
    parser = _parser(argv)
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        prog = f"{parser.prog} {arguments.command.name}"
        option = unknown[0].partition("=")[0]
        near = nearest(option, _options(parser, arguments.command.name)) if option.startswith("-") else None
        asked = f" Did you mean {near}?" if near else ""
        kind = "option" if option.startswith("-") else "argument"
        parser.exit(2, f"tessera: {arguments.command.name} takes no {kind} {option}.{asked} See {prog} --help.\n")
    return arguments


def _options(parser: argparse.ArgumentParser, command: str) -> list[str]:
    added = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [option for action in added.choices[command]._actions for option in action.option_strings]


def _parser(argv: list[str]) -> argparse.ArgumentParser:
    """Commands that `argv` does not name stay without their arguments, which take time to gather."""
    parser = _Parser(prog="tessera", description="Mosaics of your own images, without a window.", allow_abbrev=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for command in COMMANDS:
        examples = "\n".join(["examples:", *(f"  {example}" for example in command.examples)])
        added = commands.add_parser(
            command.name,
            help=command.help,
            description=command.text,
            epilog=examples if command.examples else None,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        added.set_defaults(command=command)
        if command.name in argv:
            command.add_arguments(added)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
