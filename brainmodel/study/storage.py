"""Where the queue of a study is kept: Optuna's storages, each so that a claim is given once."""

from pathlib import Path
from typing import Any

from brainmodel.errors import Refused
from brainmodel.optional import optional

PATIENCE = 60.0  # s that SQLite waits for another process


def require_optuna() -> Any:
    """Optuna, with what it would tell of every step silenced.

    Raises:
        Refused: if it is not installed.
    """
    try:
        found = optional("optuna", "sweeps")
    except ModuleNotFoundError as missing:
        raise Refused(str(missing)) from missing
    found.logging.set_verbosity(found.logging.ERROR)
    return found


def opened(storage: str | Path) -> Any:
    """A storage of Optuna.

    Args:
        storage: its URL, or the path of a journal.

    Raises:
        Refused: if it cannot be opened.
    """
    storages = require_optuna().storages
    try:
        if isinstance(storage, Path):
            return storages.JournalStorage(storages.journal.JournalFileBackend(str(storage)))
        if storage.startswith("sqlite:"):
            waiting = {"connect_args": {"timeout": PATIENCE}}
            return _one_by_one(storages.RDBStorage(storage, engine_kwargs=waiting))
        return storages.get_storage(storage)
    except Exception as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise Refused(f"storage: {storage} cannot be opened: {first}") from error


def _one_by_one(storage: Any) -> Any:
    """A storage in SQLite, which locks no rows: so each transaction locks the file when it begins.

    Otherwise two workers may both read that a trial waits, and both take it.
    """
    from sqlalchemy import event

    def leave_it_to_us(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    event.listen(storage.engine, "connect", leave_it_to_us)
    event.listen(storage.engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    storage.engine.dispose()  # connections that were made before
    return storage
