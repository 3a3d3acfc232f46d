"""PostgreSQL and Valkey from their wheels, on unix sockets inside a directory.

    postgres = engines.start_postgres(Path(".data/postgres"))
    valkey = engines.start_valkey(Path(".data/valkey"))
    ... DATABASE_URL=postgres.url  REDIS_URL=valkey.url ...
    valkey.stop(); postgres.stop()

No TCP port is opened: whoever may enter the socket's directory (0700) may connect. They work
for an ordinary user and for root; production uses DATABASE_URL and REDIS_URL instead.
"""

from hub.demo.engines.engine import Engine, EngineError
from hub.demo.engines.postgres import remove as remove_postgres
from hub.demo.engines.postgres import start as start_postgres
from hub.demo.engines.valkey import start as start_valkey

__all__ = ["Engine", "EngineError", "remove_postgres", "start_postgres", "start_valkey"]
