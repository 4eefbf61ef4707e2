"""What a person calls the things that stay on a device: `project:Thesis`, `table:settings`, `fields:todos.notes`."""

from collections.abc import Sequence

from orc_lab.errors import AmbiguousId, InvalidValue
from orc_lab.model.entities import Project
from orc_lab.store import change_log, repository
from orc_lab.store.database import Database
from orc_lab.sync.scope import FIELDS, PROJECT, TABLE, Rule, rules_of
from orc_lab.workbench.bench import Workbench

_WORDS = {"project": PROJECT, "table": TABLE, "fields": FIELDS}


def rules(wb: Workbench, text: str) -> list[Rule]:
    """Return the rules that a name stands for; raises InvalidValue, NotFound or AmbiguousId."""
    word, colon, name = text.partition(":")
    if not colon or word not in _WORDS or not name:
        raise InvalidValue("what to keep here", text, "project:TITLE, table:NAME or fields:TABLE.GROUP")
    if word == "project":
        return [Rule(PROJECT, _project(wb, name))]
    return rules_of(_WORDS[word], name)


def _project(wb: Workbench, name: str) -> str:
    named = [one.id for one in wb.find(Project) if one.title.casefold() == name.casefold()]
    if len(named) > 1:
        raise AmbiguousId("project", name, len(named))
    return named[0] if named else repository.resolve(wb.db, Project, name)


def told(db: Database, some: Sequence[Rule]) -> list[str]:
    """Return rules as a person names them."""
    titles = change_log.titles(db, [rule.name for rule in some if rule.kind == PROJECT])
    words = {kind: word for word, kind in _WORDS.items()}
    return [f"{words[rule.kind]}:{titles.get(('projects', rule.name), rule.name)}" for rule in some]
