"""project and intention: list, add, edit."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from orc_lab.cli import reading
from orc_lab.cli.output import say, short, show_json, show_table
from orc_lab.cli.place import editing
from orc_lab.cli.place import reading as opened
from orc_lab.errors import InvalidValue
from orc_lab.model.entities import OPEN, Entity, Intention, Project, ProjectStatus, Todo
from orc_lab.workbench.bench import Workbench


def do_project_list(args: Namespace) -> None:
    """List projects: those that are active or paused, with how many of their todos are open."""
    with opened(args) as wb:
        statuses = tuple(ProjectStatus) if args.all else (ProjectStatus.ACTIVE, ProjectStatus.PAUSED)
        projects = wb.find(Project, order=("status", "-priority", "created_at"), status=statuses)
        if args.json:
            show_json(projects)
        elif projects:
            _show_projects(wb, projects)
        else:
            say("No project is active or paused. Add one with `orc project add TITLE`; --all shows finished ones too.")


def args_project_list(parser: ArgumentParser) -> None:
    """Declare the options of `orc project list`."""
    parser.add_argument("--all", action="store_true", help="also completed and archived ones")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_project_add(args: Namespace) -> None:
    """Add a project: orc project add 'Thesis' why='to graduate' due=2027-03-01 priority=high"""
    with editing(args) as wb:
        title, values = _described(wb, Project, args.words)
        _tell(args, wb.add_project(title, **values), "Added")


def do_project_edit(args: Namespace) -> None:
    """Change a project, named by its title or id: orc project edit Thesis status=paused progress=40"""
    with editing(args) as wb:
        name, values = _described(wb, Project, args.words)
        _tell(args, wb.update(Project, reading.named(wb, Project, name), **_some(values)), "Changed")


def do_intention_list(args: Namespace) -> None:
    """List intentions, with how many projects serve each."""
    with opened(args) as wb:
        intentions = wb.find(Intention)
        if args.json:
            show_json(intentions)
        elif intentions:
            rows = [(short(i.id), str(wb.count(Project, intention_id=i.id)), i.title) for i in intentions]
            show_table(("id", "projects", "title"), rows, right=("projects",), flex="title")
        else:
            say("There are no intentions yet. Add one with `orc intention add TITLE`.")


def args_intention_list(parser: ArgumentParser) -> None:
    """Declare the options of `orc intention list`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_intention_add(args: Namespace) -> None:
    """Add an intention, why you do several projects: orc intention add 'Become a scholar'"""
    with editing(args) as wb:
        title, values = _described(wb, Intention, args.words)
        _tell(args, wb.add_intention(title, **values), "Added")


def do_intention_edit(args: Namespace) -> None:
    """Change an intention, named by its title or id: orc intention edit Scholar description='…'"""
    with editing(args) as wb:
        name, values = _described(wb, Intention, args.words)
        _tell(args, wb.update(Intention, reading.named(wb, Intention, name), **_some(values)), "Changed")


def _words(parser: ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="TITLE field=value", help="its title, then fields")
    parser.add_argument("--json", action="store_true", help="print what became of it as JSON")


args_project_add = args_project_edit = args_intention_add = args_intention_edit = _words


def _described(wb: Workbench, kind: type[Entity], words: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the title, its words joined, and the values of the fields that follow."""
    known = {*reading.editable(kind), *reading.SHORT}
    pairs = [word for word in words if "=" in word and word.partition("=")[0] in known]
    title = " ".join(word for word in words if word not in pairs)
    if not title:
        raise InvalidValue("a title", title, "some text before the fields")
    return title, reading.fields(wb, kind, pairs)


def _some(values: dict[str, Any]) -> dict[str, Any]:
    if not values:
        raise InvalidValue("an edit", "", "at least one field=value")
    return values


def _tell(args: Namespace, row: Project | Intention, told: str) -> None:
    if args.json:
        show_json(row)
    else:
        status = getattr(row, "status", "")
        say(f"{told}: {row.title}  [{'  '.join(filter(None, (short(row.id), status)))}]")


def _show_projects(wb: Workbench, projects: Sequence[Project]) -> None:
    rows = [
        (
            short(project.id),
            project.status,
            project.priority,
            project.due_date or "",
            f"{project.progress}%",
            str(wb.count(Todo, project_id=project.id, status=OPEN)),
            project.title,
        )
        for project in projects
    ]
    headers = ("id", "status", "priority", "due", "progress", "open", "title")
    show_table(headers, rows, right=("progress", "open"), flex="title")
