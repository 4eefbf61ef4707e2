"""A store by its name, as the command line gives it."""

from orc_lab.errors import MissingProgram
from orc_lab.server.log_store.contract import LogStore
from orc_lab.server.log_store.sqlite import SqliteStore


def open_store(name: str) -> LogStore:
    """Open the store of a path, of `:memory:`, or of an address such as postgresql://orc@localhost/orc.

    Raises StoreNotOpened, StoreTooNew; MissingProgram where the driver for PostgreSQL isn't installed.
    """
    if not name.startswith(("postgresql://", "postgres://")):
        return SqliteStore(name)
    try:
        from orc_lab.server.log_store.postgres import PostgresStore  # needs a driver that SQLite doesn't
    except ImportError as error:
        raise MissingProgram(
            "The driver for PostgreSQL (psycopg)", "Install orc-lab with its extra: orc-lab[postgresql]."
        ) from (error)
    return PostgresStore(name)
