"""Never lose it, and never be locked in: backups, restoring, looking after the database, and erasing it.

keep      make a backup, also by itself before something is changed; which ones are kept
restore   decide what would be replaced, then replace it whole, whoever has the database open
finding   what the doctor finds: ok, a warning or a problem, in one sentence, with the next step
doctor    all checks in order, and what can be mended
inside    checks of what is in the database
around    checks of where it stands: disk, folder, permissions, backups, versions
folders   folders that other programs synchronise or that lie on another computer
places    where orc writes, and how it knows its own files again; later parts add theirs
written   the record of files that orc has put into a folder of the person's
erase     remove all of it, then look again
"""
