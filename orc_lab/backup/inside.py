"""Checks of what is in the database, in the order in which they can be mended."""

import time
from collections.abc import Mapping, Sequence
from sqlite3 import Connection

from orc_lab import config
from orc_lab.backup.finding import FIX, RESTORE, Check, Finding, ok, problem, warning
from orc_lab.store import cut, examine, schema

_AHEAD = 300  # seconds by which two clocks may differ


def damage(conn: Connection) -> Finding:
    """Whether SQLite can read every page, and every index agrees with its table."""
    found = examine.damage(conn)
    if not found:
        return ok("integrity", "Every page can be read, and the indexes agree with the tables.")
    mendable = examine.in_indexes(found)
    what = "An index disagrees with its table" if mendable else "The file is damaged"
    lines = [line.strip() for text in found for line in text.splitlines() if not line.startswith("***")]
    told = lines[-1] if mendable else f"{lines[0]}, and more" if len(lines) > 1 else lines[0]  # an index is named last
    return problem("integrity", f"{what}: {told}.", FIX if mendable else RESTORE, mendable=mendable)


def version(conn: Connection) -> Finding:
    """Whether the schema is the package's, and the record of migrations is true."""
    found, recorded = examine.record_of_migrations(conn)
    known = schema.known_version()
    if found > known:
        return problem("schema", f"It has schema {found}, newer than this orc_lab knows ({known}).", "Upgrade orc_lab.")
    if not recorded:
        return problem("schema", "The record of migrations isn't that of this package.", RESTORE)
    if found < known:
        step = "The next command that opens it brings it up to date, after a backup."
        return warning("schema", f"It has schema {found}; this orc_lab has {known}.", step)
    return ok("schema", f"Schema {found}, as this orc_lab has it.")


def _shape(conn: Connection) -> Finding:
    missing = examine.unlike(conn)
    if not missing:
        return ok("tables", "Tables and indexes are as the migrations make them.")
    mendable = bool(examine.missing_indexes(conn)) and not examine.lacking(conn)
    step = FIX if mendable else RESTORE
    return problem("tables", f"Missing or changed: {_few(missing)}.", step, mendable=mendable)


def _cells(conn: Connection) -> Finding:
    cells, entries = cut.loose_cells(conn)
    if not cells:
        return ok("entries", "Every field in the change log belongs to an entry.")
    lost = f"{_counted(entries, 'entry was', 'entries were')} cut out of the change log"
    sentence = f"{lost}: what they did can't be undone any more. {_counted(cells, 'field', 'fields')} of them stayed."
    return problem("entries", sentence, FIX, mendable=True)


def _named(conn: Connection) -> Finding:
    edits, entries = cut.loose_entries(conn)
    if not edits and not entries:
        return ok("undo", "Every entry of the change log belongs to an edit that is known.")
    told = [f"The record of {_counted(edits, 'edit', 'edits')} is gone, so undo passes over them"] if edits else []
    later = "the number of an edit that began later"
    told += [f"{_counted(entries, 'entry has', 'entries have')} {later}"] if entries else []
    return problem("undo", "; ".join(told) + ".", FIX, mendable=True)


def _triggers(conn: Connection) -> Finding:
    if amiss := examine.triggers_amiss(conn):
        sentence = f"{_counted(len(amiss), 'trigger is', 'triggers are')} missing or changed ({_few(amiss)}), so edits "
        return problem("triggers", sentence + "go unrecorded.", FIX, mendable=True)
    return ok("triggers", "The triggers that record each edit are as generated.")


def _law(conn: Connection) -> Finding:
    if found := examine.unrecorded(conn):
        sentence = f"{_rows(found)} differ from the change log: they were edited while nothing recorded it."
        return problem("history", sentence, FIX, mendable=True)
    return ok("history", "The change log, replayed from empty, gives the tables.")


def _orphans(conn: Connection) -> Finding:
    if found := examine.orphans(conn):
        return problem("references", f"{_rows(found)} refer to something that is gone.", FIX, mendable=True)
    return ok("references", "Every reference leads somewhere.")


def _derived(conn: Connection) -> Finding:
    if found := examine.underived(conn):
        return problem("derived", f"Derived values are not what they follow from: {_rows(found)}.", FIX, mendable=True)
    return ok("derived", "Hours worked and totals of weeks are what they follow from.")


def _clock(conn: Connection) -> Finding:
    last, _ = examine.clocks(conn)
    ahead = last / 1e6 - time.time()
    if ahead <= _AHEAD:
        return ok("clock", "The clock of the history is not ahead of this computer's.")
    step = "Set this computer's clock right; where it is, edits are dated ahead until time has caught up."
    return warning("clock", f"The clock of the history is {_span(ahead)} ahead of this computer's.", step)


def _context(conn: Connection) -> Finding:
    if not examine.clocks(conn)[1]:
        sentence = "An edit by another tool left its mark on, so that later ones are recorded as part of it."
        return problem("edits", sentence, FIX, mendable=True)
    return ok("edits", "No edit is left half open.")


def _identity(conn: Connection) -> Finding:
    if examine.identities(conn) == 1:
        return ok("identity", "It says whose it is.")
    step = "Without that no command opens it. " + RESTORE
    return problem("identity", "The row that says whose database it is was removed by another tool.", step)


def _text(conn: Connection) -> Finding:
    if found := examine.undecodable(conn):
        step = "Write those texts anew; until then they are shown with replacement characters."
        return warning("text", f"{_rows(found)} hold text that is no UTF-8, written by another tool.", step)
    return ok("text", "All text is UTF-8.")


def _settings(conn: Connection) -> Finding:
    if not (unusable := _unusable(conn)):
        return ok("settings", "Zone, day start and hours a week can be used.")
    _, key, value = unusable[0]
    more = f", and {len(unusable) - 1:,} more" if len(unusable) > 1 else ""
    sentence = f"A value of the setting {key} can't be used and is passed over: {value[:60]}{more}."
    step = f"{FIX} Or set it again: `orc set {key} {getattr(config.Settings(), key)}`."
    return problem("settings", sentence, step, mendable=True)


def _unusable(conn: Connection) -> Sequence[tuple[str, str, str]]:
    """Return the id, key and value of the settings that can't be used."""
    known = config.options()
    return [row for row in examine.settings(conn) if row[1] in known and config.usable(*row[1:]) is None]


def _mend_damage(conn: Connection) -> str:
    examine.reindex(conn)
    return "made the indexes anew"


def _mend_shape(conn: Connection) -> str:
    return f"made {_few(examine.make_missing_indexes(conn))}"


def _mend_triggers(conn: Connection) -> str:
    examine.make_triggers(conn)
    return "made the triggers anew"


def _mend_law(conn: Connection) -> str:
    return f"recorded {_rows(examine.record(conn))} as edited elsewhere (origin external)"


def _mend_orphans(conn: Connection) -> str:
    found = examine.orphans(conn)
    examine.settle_orphans(conn)
    return f"did for {_rows(found)} what deleting does: cleared the reference, or removed the row; the log has both"


def _mend_derived(conn: Connection) -> str:
    examine.derive(conn)
    return "computed them again"


def _mend_context(conn: Connection) -> str:
    examine.clear_context(conn)
    return "cleared it"


def _mend_cells(conn: Connection) -> str:
    cells, _ = cut.loose_cells(conn)
    cut.clear_cells(conn)
    return f"removed {_counted(cells, 'field', 'fields')} of entries that are gone; what stands is recorded anew"


def _mend_named(conn: Connection) -> str:
    edits, entries = cut.loose_entries(conn)
    cut.name_edits(conn)
    told = [f"made {_counted(edits, 'edit', 'edits')} without a name, which undo knows"] if edits else []
    told += [f"took {_counted(entries, 'entry', 'entries')} out of an edit that began later"] if entries else []
    lost = "how they were called, who made them, and which of them took back another isn't known any more"
    return f"{'; '.join(told)}; {lost}"


def _mend_settings(conn: Connection) -> str:
    unusable = _unusable(conn)
    examine.remove_settings(conn, [id for id, *_ in unusable])
    told = ", ".join(dict.fromkeys(key for _, key, _ in unusable))
    return f"removed {_counted(len(unusable), 'value', 'values')} ({told}); the log has what it was"


INTEGRITY = Check(name="integrity", look=damage, mend=_mend_damage)
SCHEMA = Check(name="schema", look=version)
TABLES = Check(name="tables", look=_shape, mend=_mend_shape)
CHECKS: Sequence[Check] = (
    Check(name="edits", look=_context, mend=_mend_context),
    Check(name="undo", look=_named, mend=_mend_named),
    Check(name="entries", look=_cells, mend=_mend_cells),
    Check(name="triggers", look=_triggers, mend=_mend_triggers),
    Check(name="history", look=_law, mend=_mend_law),
    Check(name="references", look=_orphans, mend=_mend_orphans),
    Check(name="derived", look=_derived, mend=_mend_derived),
    Check(name="clock", look=_clock),
    Check(name="identity", look=_identity),
    Check(name="text", look=_text),
    Check(name="settings", look=_settings, mend=_mend_settings),
)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _rows(found: Mapping[str, int]) -> str:
    return ", ".join(f"{_counted(count, 'row', 'rows')} of {table}" for table, count in found.items())


def _span(seconds: float) -> str:
    for size, name in ((86400, "days"), (3600, "hours")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds / 60:.0f} minutes"
