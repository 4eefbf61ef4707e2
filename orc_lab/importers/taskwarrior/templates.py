"""The template of a recurring task: how often it repeats, and what its tasks are like. They are imported beside it."""

import re
from collections.abc import Mapping
from typing import Any

from orc_lab.importers.reading import recurring, values
from orc_lab.importers.reading.json_pieces import TOO_DEEP
from orc_lab.importers.reading.quick_fields import QuickFields
from orc_lab.importers.record import Context, Parsed, as_raw
from orc_lab.importers.taskwarrior import life, rows
from orc_lab.model.entities import Priority, Recurrence

NO_RULE = "it is the template of a recurring task: its tasks are imported, its rule is none that can be said here"
_NAMED = {
    "daily": "FREQ=DAILY",
    "day": "FREQ=DAILY",
    "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekly": "FREQ=WEEKLY",
    "sennight": "FREQ=WEEKLY",
    "biweekly": "FREQ=WEEKLY;INTERVAL=2",
    "fortnight": "FREQ=WEEKLY;INTERVAL=2",
    "monthly": "FREQ=MONTHLY",
    "bimonthly": "FREQ=MONTHLY;INTERVAL=2",
    "quarterly": "FREQ=MONTHLY;INTERVAL=3",
    "semiannual": "FREQ=MONTHLY;INTERVAL=6",
    "annual": "FREQ=YEARLY",
    "yearly": "FREQ=YEARLY",
    "biannual": "FREQ=YEARLY;INTERVAL=2",
    "biyearly": "FREQ=YEARLY;INTERVAL=2",
}
_UNITS = {
    unit: letter
    for letter, units in {
        "d": "d day days",
        "w": "w wk wks week weeks",
        "m": "mo mos mth mths mnths month months",
        "y": "y yr yrs year years",
    }.items()
    for unit in units.split()
}
_COUNTED = re.compile(r"(\d{0,4})\s*([a-z]+)")
_QUARTERS = ("q", "qtr", "qtrs", "qrtr", "qrtrs", "quarter", "quarters")
_ISO = re.compile(r"p(\d{1,4})([dwmy])")


def is_template(record: object) -> bool:
    """Return whether a record is the template of a recurring task."""
    return isinstance(record, dict) and record.get("status") == "recurring"


def template(record: dict[str, Any], names: life.Names, context: Context) -> Parsed:
    """Return a template as a recurrence, known by its uuid, else by its content; left out where no rule says how often.

    What changes by itself is taken out of the record.
    """
    rows.without_volatile(record)
    try:
        raw, content = as_raw(record)
    except RecursionError:
        return _left_out(None, *as_raw(TOO_DEEP), TOO_DEEP)
    uuid = record.get("uuid")
    name = values.clean(uuid).strip() if isinstance(uuid, str) else ""
    rule = _rule(record.get("recur"))
    if rule is None:
        return _left_out(name, raw, content, NO_RULE)
    fields = QuickFields(life.told(record, names), context)
    like = {
        "title": fields.title(),
        "project": rows.project_of(record),
        "tags": fields.tags(),
        "estimated_hours": life.hours(fields, "estimate", names.estimate_unit),
        "priority": None
        if fields.get("priority") is None
        else fields.choice("priority", life.LETTERS, Priority.MEDIUM),
    }
    created = fields.past("created", 9)
    created = context.now if created is None else created
    made = recurring.recurrence(
        name or f"~{content[:12]}",
        rule,
        {field: value for field, value in like.items() if value},
        life.day(fields, "due") or context.clock.day(created).isoformat(),
        created,
        record,
        ends_on=_until(record, context),
    )
    fields.note(recurring.CAME)
    made.issues = fields.issues(made.external_id)
    return made


def _left_out(name: str | None, raw: str, content: str, why: str) -> Parsed:
    known_as = f"recurrence:{name or f'~{content[:12]}'}"
    return Parsed(external_id=known_as, kind=Recurrence, raw=raw, content_hash=content, left_out=why)


def _rule(told: object) -> str | None:
    """Return how often: `weekly`, `2weeks`, `P1M`; None for what is shorter than a day, or no such word."""
    if not isinstance(told, str):
        return None
    word = told.strip().lower()
    if word in _NAMED:
        return _NAMED[word]
    if match := _ISO.fullmatch(word):
        return recurring.rule(int(match[1]), match[2])
    match = _COUNTED.fullmatch(word)
    if match is None:
        return None
    count = int(match[1] or 1)
    if match[2] in _QUARTERS:
        return recurring.rule(3 * count, "m")
    return recurring.rule(count, _UNITS.get(match[2], ""))


def _until(record: Mapping[str, Any], context: Context) -> str | None:
    until = values.when(record.get("until"), context.clock)
    return context.clock.day(until).isoformat() if isinstance(until, int) else None
