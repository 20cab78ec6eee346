"""The one exception that users see."""

from __future__ import annotations


class LatentoneError(Exception):
    """Something a person can put right. Its text is one line: what is wrong, where, and what is allowed or to be done.

    The command line prints it without a traceback and exits with status 1; a running server reports it and plays on.
    """
