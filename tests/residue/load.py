"""An application that goes on writing while a run is under way."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

LOGIN = "UPDATE users SET last_login = now() WHERE email = %s"

SIGN_UP = "INSERT INTO users (email) VALUES (%s)"


@dataclass
class Load:
    """What the application has written so far, and whether it is to end."""

    logins: int = 0
    sign_ups: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def write(self, url: str, rows: int) -> None:
        """Log users in and sign others up, some hundred a second."""
        dice = random.Random(7)
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            while not self.over.wait(0.002):
                connection.execute(LOGIN, [f"user{dice.randrange(rows)}@example.com"])
                self.logins += 1
                if not self.logins % 10:
                    connection.execute(SIGN_UP, [f"new{self.logins}@example.com"])
                    self.sign_ups += 1


@contextmanager
def writing(url: str, rows: int) -> Iterator[Load]:
    """Have the application write for the length of the block."""
    load = Load()
    thread = threading.Thread(target=load.write, args=(url, rows), daemon=True)
    thread.start()
    try:
        yield load
    finally:
        load.over.set()
        thread.join(30)
