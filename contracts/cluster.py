"""The cluster that a command is pointed at."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from montecarlo.executors.protocol import SchedulerLostError

ANSWER_SECONDS = 5.0
WORKER_SECONDS = 10.0


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Yield a client of the scheduler at an address, or None without one.

    Raises
    ------
    ValueError
        When the extra ``cluster`` is not installed, or the address is none.
    SchedulerLostError
        When nothing answers there, or no worker has joined.

    Examples
    --------
    >>> with connected(None) as client:
    ...     print(client)
    None
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        message = f"--cluster needs the extra: pip install 'offtake[cluster]' ({error})"
        raise ValueError(message) from error
    # Its own log of a connection that failed would stand around the message.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(_checked(address), timeout=ANSWER_SECONDS, set_as_default=False)
    except OSError as error:
        message = f"no scheduler answered at {address} within {ANSWER_SECONDS:g} s"
        raise SchedulerLostError(message) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as error:
            message = f"no worker joined the scheduler at {address} within {WORKER_SECONDS:g} s"
            raise SchedulerLostError(message) from error
        yield client


def _checked(address: str) -> str:
    host, _, port = address.removeprefix("tcp://").removeprefix("tls://").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        message = f"--cluster must be an address such as tcp://10.0.0.5:8786, got {address!r}"
        raise ValueError(message)
    return address
