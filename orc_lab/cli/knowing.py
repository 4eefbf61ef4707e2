"""knowledge: what was learned from what the person did, why, and how to take it back."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orc_lab.cli import place
from orc_lab.cli.outlook import asking, desk_of
from orc_lab.cli.output import note, say, short, show_json, show_table
from orc_lab.errors import InvalidValue, NeedsChoice
from orc_lab.model import quick
from orc_lab.model.entities import Project, Todo
from orc_lab.workbench.bench import Workbench

if TYPE_CHECKING:
    from orc_lab.agents.knowledge.action import Action
    from orc_lab.agents.knowledge.agent import AgentKnowledge
    from orc_lab.agents.knowledge.base import KnowledgeBase
    from orc_lab.agents.knowledge.show import PartView

_HYPHENS = 4  # in an id


def do_knowledge_list(args: Namespace) -> None:
    """List the ten parts of what was learned, each with how many of its entries have learned something."""
    with place.reading(args) as wb:
        views = _views(wb, args, None)
    if args.json:
        show_json([view.as_dict() for view in views])
        return
    rows = [(view.part.value, f"{_learned(view)} of {len(view.entries)}", view.what) for view in views]
    show_table(("part", "learned", "what it is"), rows, flex="what it is")
    note("`orc knowledge show PART` shows its entries, `orc knowledge why PART ENTRY` what taught one.")


def args_knowledge_list(parser: ArgumentParser) -> None:
    """Declare the options of `orc knowledge list`."""
    asking(parser)


def do_knowledge_show(args: Namespace) -> None:
    """Show the entries of a part, or one: orc knowledge show projects.patterns silent"""
    with place.reading(args) as wb:
        (view,) = _views(wb, args, args.part)
    name = _entry_name(view, " ".join(args.entry)) if args.entry else ""
    entries = [entry for entry in view.entries if not name or name == entry.name]
    if args.json:
        show_json([entry.as_dict() for entry in entries] if name else view.as_dict())
        return
    if not name:
        say(view.sentence)
    for entry in entries:
        say(entry.sentence)
        for reason in entry.reasons if name else ():
            say(f"  {reason.sentence}")


def args_knowledge_show(parser: ArgumentParser) -> None:
    """Declare the options of `orc knowledge show`."""
    _entry(parser)
    asking(parser)


def do_knowledge_why(args: Namespace) -> None:
    """Say what taught an entry, oldest first, and what each thing changed."""
    with place.reading(args) as wb:
        knowledge = _knowledge(wb, args)
        view = _view(wb, knowledge.kb, args.part)
        reasons = knowledge.why(args.part, _entry_name(view, " ".join(args.entry)))
    if args.json:
        show_json([reason.as_dict() for reason in reasons])
        return
    for reason in reasons:
        say(f"{reason.sentence}  ({_short_key(reason.key)})" if reason.key else reason.sentence)
    if not reasons:
        say("Nothing taught it yet: it is as shipped.")


def args_knowledge_why(parser: ArgumentParser) -> None:
    """Declare the options of `orc knowledge why`."""
    _entry(parser)
    asking(parser)


def do_knowledge_forget(args: Namespace) -> None:
    """Forget what taught a part or an entry, or one thing that taught (--action KEY, as `orc knowledge why` shows it).

    `orc undo` brings it back.
    """
    name = " ".join(args.entry) or None
    if not (args.part or args.action):
        raise InvalidValue("what to forget", "", "a part, an entry, or --action KEY")
    with place.editing(args) as wb:
        from orc_lab.agents.knowledge.agent import AgentKnowledge

        knowledge = AgentKnowledge.load(wb)
        before = knowledge.kb
        entry = _entry_name(_view(wb, before, args.part), name) if args.part and name else None
        after = knowledge.forget(args.part, entry, args.action and _whole_key(before, args.action))
    if args.json:
        show_json(after.as_dict())
        return
    changed = sum(one != other for one, other in zip(before.all(), after.all(), strict=False))
    what = " ".join(filter(None, (args.part, name, args.action)))
    say(f"Forgotten: {what} ({_entries(changed)}). `orc undo` brings it back.")


def args_knowledge_forget(parser: ArgumentParser) -> None:
    """Declare the options of `orc knowledge forget`."""
    parser.add_argument("part", nargs="?", metavar="PART", help="such as projects.patterns")
    parser.add_argument("entry", nargs="*", metavar="ENTRY", help="one of its entries (default: all of it)")
    parser.add_argument("--action", metavar="KEY", help="only what this thing taught")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_knowledge_learn(args: Namespace) -> None:
    """Teach something: approve a way through the pipeline, or say how long a todo takes in truth.

    orc knowledge learn --way dumped,confirmed,done --category errands
    orc knowledge learn --todo 4f2a9c --takes 3h
    """
    with place.editing(args) as wb:
        action = _told(wb, args)
        knowledge = _knowledge(wb, args)
        before = knowledge.kb.version
        with wb.edit("teach"):  # the person's own, to be undone
            changed = knowledge.update_knowledge_base(action).version - before
    if args.json:
        show_json({"action": action.key, "title": action.title, "changed": changed})
        return
    say(f"Learned: {action.title or action.subject} ({_entries(changed)} changed). `orc knowledge why` tells what.")


def args_knowledge_learn(parser: ArgumentParser) -> None:
    """Declare the options of `orc knowledge learn`."""
    parser.add_argument("--way", metavar="STAGE,…", help="stages in order: this way is a known one from now on")
    parser.add_argument("--category", default="", metavar="C", help="of this category only")
    parser.add_argument("--todo", metavar="ID", help="an open todo")
    parser.add_argument("--takes", metavar="HOURS", help="how long it takes in truth")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(week=None)


def _told(wb: Workbench, args: Namespace) -> "Action":
    from orc_lab.agents.knowledge.action import task_estimation_corrected, workflow_optimization

    if args.way:
        stages = args.way.replace(",", " ").split()
        return workflow_optimization(stages, wb.today(), category=args.category)
    if not (args.todo and args.takes):
        raise InvalidValue("what to learn", "", "--way STAGE,…, or --todo ID with --takes HOURS")
    id = wb.resolve(Todo, args.todo)
    return task_estimation_corrected(id, quick.hours_said(args.takes), wb.today(), title=wb.get(Todo, id).title)


def _entry(parser: ArgumentParser) -> None:
    parser.add_argument("part", metavar="PART", help="such as projects.patterns; `orc knowledge list` lists them")
    parser.add_argument("entry", nargs="*", metavar="ENTRY", help="one of its entries")


def _knowledge(wb: Workbench, args: Namespace) -> "AgentKnowledge":
    """What is known now, caught up where it is one's own life; with --week, what was known then."""
    from orc_lab.agents.knowledge.agent import AgentKnowledge

    desk = desk_of(wb, args)
    return desk.knowledge if desk.live or args.week else AgentKnowledge.load(wb, desk.known.frames)


def _views(wb: Workbench, args: Namespace, part: str | None) -> "tuple[PartView, ...]":
    from orc_lab.agents.knowledge.show import show

    kb = _knowledge(wb, args).kb
    return (_view(wb, kb, part),) if part is not None else show(kb, titles=_titles(wb))


def _view(wb: Workbench, kb: "KnowledgeBase", part: str) -> "PartView":
    from orc_lab.agents.knowledge.show import show

    return show(kb, [part], titles=_titles(wb))[0]


def _titles(wb: Workbench) -> Mapping[str, str]:
    return {project.id: project.title for project in wb.find(Project)}


def _entry_name(view: "PartView", text: str) -> str:
    """The name of an entry that a person calls so, by a short id or as it is shown; raises InvalidValue."""
    found = [entry.name for entry in view.entries if text in (entry.name, _short_name(entry.name), entry.label)]
    if not found:
        raise InvalidValue("an entry", text, "one of " + ", ".join(entry.label for entry in view.entries))
    if len(found) > 1:
        raise NeedsChoice(f"{text!r} fits {len(found)} entries.", "their ids", [_short_name(name) for name in found])
    return found[0]


def _short_name(name: str) -> str:
    """The name of an entry with a project's id as short as ids are shown elsewhere."""
    kind, _, subject = name.partition(" ")
    return f"{kind} {short(subject)}" if subject.count("-") == _HYPHENS else name


def _short_key(key: str) -> str:
    """The key of an action with its subject's id as short as ids are shown elsewhere."""
    kind, _, subject = key.partition(":")
    return f"{kind}:{short(subject) if subject.count('-') == _HYPHENS else subject}"


def _whole_key(kb: "KnowledgeBase", text: str) -> str:
    """The key that a shortened one stands for; as it is where nothing, or more than one, has it."""
    keys = {reason.key for entry in kb.all() for reason in entry.why() if reason.key}
    found = [key for key in keys if text in (key, _short_key(key))]
    return found[0] if len(found) == 1 else text


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _learned(view: "PartView") -> int:
    return sum(entry.learned_from > 0 for entry in view.entries)
