"""Work on a todo, as it happens: at most one session is open on a device."""

from orc_lab.errors import InvalidValue, LongSession, NoSession, SessionOpen
from orc_lab.model.entities import Session, Todo
from orc_lab.model.ids import new_id
from orc_lab.store import repository
from orc_lab.store.database import Database, Transaction
from orc_lab.workbench import options, pipeline, record

LONG_SECONDS = 4 * 3600  # longer than this and nobody can be sure that it was all work: we ask


def running(db: Database, device_id: str) -> Session | None:
    """Return the session that is open on a device."""
    found = repository.find(db, Session, {"device_id": device_id, "ended_at": None}, order="-started_at", limit=1)
    return found[0] if found else None


def start(db: Database, tx: Transaction, todo: Todo, device_id: str, at: int) -> Session:
    """Open a session on a todo; raises SessionOpen while another runs, InvalidValue for a start yet to come."""
    if at > tx.now:
        raise InvalidValue("started_at", options.wall_time(db, at), "a moment that has passed")
    if (other := running(db, device_id)) is not None:
        raise SessionOpen(repository.get(db, Todo, other.todo_id).title)
    session = Session(id=new_id(), todo_id=todo.id, device_id=device_id, started_at=at)
    tx.insert(session)
    record.write(tx, Todo, todo.id, "session started", new=session.id, at=at)
    if values := pipeline.start_values(todo, at):
        tx.update(Todo, todo.id, values, at=at)
    return session


def stop(db: Database, tx: Transaction, device_id: str, ended_at: int | None) -> Session:
    """End the open session, now or when the person says; raises NoSession, InvalidValue, or LongSession to ask."""
    session = running(db, device_id)
    if session is None:
        raise NoSession
    end = tx.now if ended_at is None else ended_at
    if not session.started_at <= end <= tx.now:
        began = options.wall_time(db, session.started_at)
        raise InvalidValue(
            "ended_at", options.wall_time(db, end), f"a moment between the start of the work ({began}) and now"
        )
    if ended_at is None and end - session.started_at > LONG_SECONDS:
        raise LongSession((end - session.started_at) / 3600)
    tx.update(Session, session.id, {"ended_at": end}, at=ended_at)
    hours = (end - session.started_at) / 3600
    record.write(tx, Todo, session.todo_id, "session ended", old=session.id, new=hours, at=ended_at)
    return repository.get(db, Session, session.id)
