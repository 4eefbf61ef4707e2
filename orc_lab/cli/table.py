"""The commands as data, so that `orc --help` loads none of them. A name of two words belongs to its first."""

# name: (module of this room, what it does)
GROUPS = {
    "Begin": {
        "init": ("begin", "make a workbench in a folder; --demo gives you something to try"),
        "import": ("imports", "bring a history from a file"),
        "lab": ("lab", "open the notebooks in JupyterLab"),
        "set": ("begin", "set your zone, day start or hours a week, from now on"),
        "settings": ("begin", "show the settings"),
    },
    "Todos": {
        "add": ("todos", "add a todo: orc add 'Write draft +Thesis 2h !high @fri #deep'"),
        "list": ("lists", "list what is open"),
        "search": ("lists", "find text in todos, projects and intentions"),
        "show": ("lists", "show one thing with its history"),
        "edit": ("todos", "change fields: orc edit 4f2a9c due=fri hours=3"),
        "match": ("todos", "give todos their project"),
        "refine": ("todos", "make a todo clear: its title, its estimate"),
        "confirm": ("todos", "say that todos are worth doing"),
        "done": ("todos", "say that todos are done"),
        "drop": ("todos", "decide not to do todos"),
        "reopen": ("todos", "open done or dropped todos again"),
        "snooze": ("todos", "keep todos out of the way until a day"),
    },
    "Projects": {
        "project list": ("projects", "list projects"),
        "project add": ("projects", "add a project"),
        "project edit": ("projects", "change a project: orc project edit Thesis status=paused"),
        "intention list": ("projects", "list intentions: why you do several projects"),
        "intention add": ("projects", "add an intention"),
        "intention edit": ("projects", "change an intention"),
    },
    "Weeks and work": {
        "week": ("weeks", "show a week's plan; confirm it, reflect on it, rate it"),
        "goal list": ("weeks", "list weekly goals"),
        "goal add": ("weeks", "say what a week is for"),
        "goal edit": ("weeks", "change a weekly goal"),
        "commit": ("weeks", "promise todos for a week"),
        "uncommit": ("weeks", "take todos out of a week's plan"),
        "capacity": ("weeks", "say how much of a usual day a day is: orc capacity 2026-12-24 0 Christmas"),
        "start": ("work", "start work on a todo"),
        "stop": ("work", "end the running work"),
    },
    "Answers": {
        "review": ("pages", "execute the weekly review and write its page"),
        "dashboard": ("pages", "write all charts on one page"),
        "estimate": ("outlook", "say how long something will take you"),
        "forecast": ("outlook", "say what the next weeks will bring"),
        "health": ("outlook", "say how projects are doing, with the evidence"),
        "summary": ("insights", "sum a project up: insights, metrics, trends"),
        "today": ("insights", "say what to do today, and why; answer with --do, --snooze, --dismiss"),
        "accuracy": ("insights", "say how the forecasts that you were shown have held"),
        "knowledge list": ("knowing", "list what was learned from what you did"),
        "knowledge show": ("knowing", "show a part of it, or one entry"),
        "knowledge why": ("knowing", "say what taught an entry, and what each thing changed"),
        "knowledge forget": ("knowing", "forget an entry, a part, or what one thing taught"),
        "knowledge learn": ("knowing", "approve a way of working, or say how long something takes in truth"),
        "report": ("reports", "velocity, estimation, health or knowledge: all of it, as a page"),
        "backtest": ("backtest", "say how every forecast would have held, beside what is simpler"),
        "sql": ("queries", "ask your history anything: orc sql 'SELECT …'"),
    },
    "Your data": {
        "export": ("exports", "write everything to files of your own: JSON, CSV, Parquet, a calendar, a summary"),
        "backup": ("keeping", "copy the database while it is in use, check the copy, keep some of each age"),
        "restore": ("keeping", "put a backup in the database's place, after a look and a backup of what is there"),
        "doctor": ("care", "check the database and where it stands; --fix mends what can be mended"),
        "erase": ("care", "remove everything that orc has written here, and prove it"),
    },
    "The past": {
        "log": ("past", "show the last edits, or everything that happened to one thing"),
        "undo": ("past", "take back your last edits, or a certain one"),
        "redo": ("past", "do again what you undid"),
        "delete": ("trash", "delete todos, projects with their todos, intentions, goals, sessions"),
        "trash list": ("trash", "list what was deleted"),
        "trash restore": ("trash", "bring deleted things back, with all that went with them"),
    },
    "Sync": {
        "sync enable": ("sync", "keep in step with your other devices, through a server of your choice"),
        "sync status": ("sync", "show what waits, what is undecided, and what went wrong last"),
        "sync now": ("sync", "sync now, also while it is paused"),
        "sync pause": ("sync", "have nothing leave but on `orc sync now`"),
        "sync resume": ("sync", "sync by itself again"),
        "sync watch": ("sync", "stay and sync: every 5 minutes and after each edit"),
        "sync disable": ("sync", "stop syncing; everything stays here"),
        "sync scope": ("sharing", "show or change what stays on this device: projects, tables, fields"),
        "sync conflicts": ("sharing", "list what two devices wrote at once, and decide: keep, take, merge"),
        "sync ledger": ("sharing", "list everything that was ever sent"),
        "sync verify": ("sync", "compare everything here with everything at the server"),
        "sync passphrase": ("sync", "change the passphrase, the recovery key, or all keys"),
        "sync devices": ("sync", "list the account's devices"),
        "serve": ("serve", "run a sync server of your own"),
        "serve accounts": ("serve", "add, list or remove its accounts"),
        "serve devices": ("serve", "add, list or revoke devices, and make their keys"),
    },
}
COMMANDS = {name: entry for group in GROUPS.values() for name, entry in group.items()}
FAMILIES = {"project": "list, add or edit projects", "intention": "list, add or edit intentions"}
FAMILIES |= {"trash": "list what was deleted, or bring it back: list, restore"}
FAMILIES |= {"sync": "keep devices in step: enable, status, now, pause, scope, conflicts, ledger and more"}
FAMILIES |= {"goal": "list, add or edit weekly goals", "knowledge": "what was learned: list, show, why, forget, learn"}

ALONE = {"sync": "status"}  # what the name of a family alone stands for; of any other it is `list`


def listing() -> str:
    """Return the help of `orc`."""
    lines = [
        "usage: orc [--db PATH] COMMAND …",
        "",
        "A workbench for your own work: it all stays in one file of yours.",
    ]
    for group, commands in GROUPS.items():
        lines += ["", group]
        first_words = dict.fromkeys(name.partition(" ")[0] for name in commands)
        lines += [f"  {word:11}{FAMILIES.get(word) or commands[word][1]}" for word in first_words]
    return "\n".join([*lines, "", *_EPILOG])


def family(word: str) -> str:
    """Return the help of a command that has others below it, such as `orc project`."""
    lines = [f"  orc {name:16}{what}" for name, (_, what) in COMMANDS.items() if name.startswith(f"{word} ")]
    return "\n".join(
        [
            f"usage: orc {word} COMMAND …",
            "",
            *lines,
            "",
            f"`orc {word}` alone is `orc {word} {ALONE.get(word, 'list')}`.",
        ]
    )


_EPILOG = (
    "options:",
    "  --db PATH  the database; else ORC_DB, else data/creation-os.db here or in the nearest folder above",
    "  --version  print the version",
    "  --help     this, or after a command what it can do; `orc help exit-codes` lists what commands return",
)
