"""What every client here does: publishes, hears, goes away, and resumes where it left off. Knows no library."""

import time
from abc import ABC, abstractmethod

# A letter of every width in UTF-8 that a message is likely to have.
TWO = "two: é 二 👩‍🍳"

# Longer than the server's heartbeat, which no reader of an event stream may take for a message.
# Not for sockets: a library that answers pings only while it receives would be cut off.
QUIET_SECONDS = 1.4


class Listener(ABC):
    """One connection that listens."""

    # Where it stands: what to resume from.
    cursor: str

    @abstractmethod
    def next(self) -> str:
        """The next thing heard: a message's text, or the name of another event in brackets."""

    @abstractmethod
    def close(self) -> None: ...


class Client(ABC):
    """A library, on one transport."""

    # Between two messages.
    pause_seconds = 0.0

    def __init__(self, base: str, channel: str):
        self.base = base
        self.channel = channel
        self.url = base + channel

    @abstractmethod
    def publish(self, text: str) -> str:
        """Publishes text and answers its cursor."""

    @abstractmethod
    def listen(self, after: str) -> Listener: ...

    def close(self) -> None:
        """Lets go of what both have shared."""


def follow(client: Client) -> list[list[str]]:
    """All that was heard on the first connection, and on the second."""
    first = client.listen(client.publish("one"))
    client.publish(TWO)
    time.sleep(client.pause_seconds)
    client.publish("three")
    heard = [until("three", first)]
    first.close()
    client.publish("four")
    client.publish("five")
    second = client.listen(first.cursor)
    heard.append(until("five", second))
    second.close()
    client.close()
    return heard


def until(last: str, listener: Listener) -> list[str]:
    heard = [listener.next()]
    while heard[-1] != last:
        heard.append(listener.next())
    return heard
