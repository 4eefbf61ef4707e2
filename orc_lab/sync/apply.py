"""What arrived becomes rows, conflicts and what is known of the server: inside one transaction, in any order.

A row that refers to one that isn't there waits for it, with an empty field where that may be. What others deleted goes
when everything has arrived, unless something here still needs it: then it stays, and the deletion is a conflict.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from orc_lab.model.entities import KINDS
from orc_lab.store import losers, syncing
from orc_lab.store.bulk import Bulk
from orc_lab.store.database import Database, Transaction
from orc_lab.store.references import Reference, referring
from orc_lab.store.syncing import Entry, Key, Waiting
from orc_lab.sync import cells, digest, fresh
from orc_lab.sync.beside import Beside
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.compose import Standing, kept_of, standing
from orc_lab.sync.groups import GROUP_OF, GROUPS, TABLE_OF, WIRE
from orc_lab.sync.merge import NO_FIELDS, Arrived, Fields, Heads, Local, Outcome, Rival, added, merge, split
from orc_lab.sync.pending import Write, new_cells, writes
from orc_lab.sync.rows import Applied, Rows
from orc_lab.sync.shadow import read_shadow, write_shadow
from orc_lab.sync.wire import Refused

Incoming = Mapping[Key, Mapping[str, Sequence[Arrived]]]


class Applier:
    """Applies what arrived to a database; made anew for each transaction, which has to be open."""

    def __init__(
        self,
        db: Database,
        *,
        replica: str,
        user: str,
        after: int,
        now: int,
        beside: Beside | None = None,
        tx: Transaction | None = None,
    ) -> None:
        self._db, self._beside, self._tx = db, beside or Beside(), tx
        self._conn: sqlite3.Connection = db.conn
        self._user, self._replica, self._after, self._now = user, replica, after, now
        self._sums: dict[str, int] = defaultdict(int)
        self._doomed: set[Key] = set()  # of what stood before this page
        self._shadows: dict[str, list[tuple[str, str]]] = defaultdict(list)  # to be kept
        self._rows = Rows(db, user=user)
        self.done = self._rows.done

    def acknowledge(self, records: Incoming) -> None:
        """Count cells as known to the server."""
        left = syncing.anything_left(self._conn)
        for table, some in _by_table(records).items():
            known = syncing.shadows(self._conn, table, some)
            contested = losers.of(self._conn, table, some)
            for id, groups in some.items():
                before = read_shadow(known.get(id))
                after = added(before, groups)
                alive, revived = cells.alive(after), bool(before) and not cells.alive(before)
                if (revived or id in contested) and alive:
                    self._weigh(table, id, before, groups)
                self._note_shadow(table, id, before, after)
                if left:
                    changed = {name: some for name, some in groups.items() if after[name] != before.get(name)}
                    self._replaced(table, id, split(changed), alive=alive)
                if not alive:
                    losers.settle_record(self._conn, table, id, at=self._now)
            self._flush()

    def _weigh(
        self, table: str, id: str, before: Mapping[str, Sequence[Cell]], groups: Mapping[str, Sequence[Arrived]]
    ) -> None:
        """See which conflicts are open still, now that something was written beside or over them.

        What nobody wrote by hand loses even then against what a person did.
        """
        local = self._local(self._standing(table, [id]), id)
        known = cells.apart(before)
        own = {
            group: one.cell
            for group, some in split(groups).items()
            for one in some
            if one.cell.dot not in local.rivals.get(group, {}) and not cells.known(known.get(group, ()), one.cell.dot)
        }
        local = replace(local, pending={**own, **local.pending})
        outcome = merge(local, groups)
        self._keep_rivals(table, id, local, outcome)
        if local.there:
            self._rows.update(table, id, outcome)

    def _replaced(self, table: str, id: str, groups: Mapping[str, Sequence[Arrived]], *, alive: bool) -> None:
        """Forget what had no place of groups that were written anew here, but for fields of a newer orc_lab."""
        held = syncing.held(self._conn, table, [id]).get(id, {})
        self._rows.left |= {(table, id)} if held else set()
        waits = syncing.waits(self._conn, table, [id]).get(id, {})
        for group, some in groups.items():
            value = max(some, key=lambda one: one.cell.dot).value
            names = [name for name in GROUPS.get(table, {}).get(group, ()) if waits.get(name, "") != value.get(name)]
            syncing.unlink(self._conn, table, id, names)
            if group in held and alive:
                self._rows.keep_unknown(table, id, group, held[group])
            elif group in held:
                self._rows.hold(table, id, group, value)

    def receive(self, records: Incoming) -> None:
        """Merge records that arrived into the database."""
        if not records:
            return
        dots = [one.cell.dot for groups in records.values() for some in groups.values() for one in some]
        syncing.raise_floor(self._conn, max((dot.clock for dot in dots), default=0))
        self._doomed = {*syncing.doomed(self._conn)}
        by_table = _by_table(records)
        for table in sorted(by_table, key=lambda name: _ORDER.get(name, len(_ORDER))):
            if table not in GROUPS:
                self._defer(table, by_table[table])
                continue
            now = self._standing(table, list(by_table[table]))
            made = self._fresh(now, by_table[table])
            rest = {id: groups for id, groups in by_table[table].items() if id not in made}
            self._rows.look_up(table, rest)
            for id, groups in rest.items():
                self._record(now, id, groups)
            self._flush()
        self._link({id for ids in self._rows.new.values() for id in ids})

    def finish(self) -> Applied:
        """Remove what others deleted and nothing needs, once everything has arrived; return what was done."""
        doomed = syncing.doomed(self._conn)
        for table, id in sorted(doomed, key=lambda key: -_ORDER.get(key[0], 0)):
            self._remove(table, id)
        syncing.spare(self._conn, doomed)
        if waiting := syncing.waiting(self._conn):
            of = {(one.kind.table, one.field): one.parent for one in self._rows.references}
            back = [one.parent for one in waiting if self._rows.is_there(of[one.table, one.field], one.parent)]
            self._link(set(back))  # somebody has brought it back here
        return self.settled()

    def settled(self) -> Applied:
        """Write the sums of what the server holds, and return what was done."""
        syncing.effective(self._conn, None)
        syncing.add_digests(self._conn, self._sums, at=self._now)
        self._sums.clear()
        return self.done

    def _fresh(self, now: Standing, records: Mapping[str, Mapping[str, Sequence[Arrived]]]) -> Collection[str]:
        """Make those of some records of which nothing is known here, where they are many; return their ids."""
        if self._tx is None or len(records) < fresh.MANY:
            return ()
        table = now.table
        new = {id: groups for id in records if not now.knows(id) and (groups := fresh.plainly(table, records[id]))}
        if len(new) < fresh.MANY:
            return ()
        with Bulk(self._tx, expected=len(new)) as bulk:
            made = fresh.insert(bulk, self._rows, table, new, user=self._user)
        for id in made:
            self._note_shadow(table, id, {}, added({}, records[id]))
        return made

    # One record

    def _standing(self, table: str, ids: Sequence[str]) -> Standing:
        """What the database knows of some records, with what of their rows nobody else has seen or will see."""
        now = standing(self._conn, table, ids, after=self._after, touched=syncing.touched(self._conn))
        self._rows.left |= {(table, id) for id in (*now.extras, *now.waits)}
        held = self._beside.held_back(table)
        refused = syncing.rejected(self._conn, table, ids)
        whole = {id for id, row in now.rows.items() if id in refused or not self._beside.allowed(table, id, row)}
        entries = syncing.entries(self._conn, table, list(now.rows if held else whole), 0) if held or whole else {}
        former = syncing.state_of(self._conn).get("former", ()) if entries else ()
        passed = {
            id: {group: one for group, one in _passed(now, id, some, former).items() if id in whole or group in held}
            for id, some in entries.items()
        }
        return replace(now, passed=passed)

    def _record(self, now: Standing, id: str, arrived: Mapping[str, Sequence[Arrived]]) -> None:
        table = now.table
        told = split(arrived)
        unknown = {group: some for group, some in told.items() if group not in GROUPS[table]}
        local = self._local(now, id)
        try:
            outcome = merge(local, arrived)
        except Refused as error:
            self.done.refused.append(((table, id), str(error)))
            return
        self._note_shadow(table, id, local.shadow, outcome.shadow)
        self._keep_rivals(table, id, local, outcome)
        for group, some in unknown.items():
            self._rows.hold(table, id, group, some[0].value)
        if local.there:  # also where others deleted it: something here may still need it, as it is now
            self._rows.update(table, id, outcome)
        elif outcome.alive:
            self._rows.insert(table, id, outcome)
        if outcome.alive:
            if (table, id) in self._doomed:
                syncing.spare(self._conn, [(table, id)])
        else:
            losers.settle_record(self._conn, table, id, at=self._now)
            self._gone(table, id, outcome, told, there=local.there)

    def _local(self, now: Standing, id: str) -> Local:
        shadow, rivals = read_shadow(now.shadows.get(id)), now.rivals(id)
        heads = cells.apart(shadow)
        written = {
            group: one
            for group, one in now.writes(id).items()
            if not cells.known(heads.get(group, ()), Dot(one.clock, self._replica))
        }
        pending = new_cells(self._replica, written, heads, written, rivals) if written else {}
        return Local(
            shadow=shadow,
            pending=pending,
            rivals=rivals,
            there=id in now.rows,
            values=now.values(id, pending),
            unplaced=now.unplaced(id) - pending.keys(),
        )

    def _keep_shadow(self, table: str, id: str, before: Heads, after: Heads) -> None:
        self._note_shadow(table, id, before, after)
        self._flush()

    def _flush(self) -> None:
        for table, some in self._shadows.items():
            syncing.keep_shadows(self._conn, table, some)
        self._shadows.clear()

    def _note_shadow(self, table: str, id: str, before: Heads, after: Heads) -> None:
        """Have what the server holds of a record kept by `_flush`, with others."""
        if before != after:
            wire = WIRE.get(table, table)
            self._sums[table] += digest.change(wire, id, before, after)
            self._shadows[table].append((id, write_shadow(after)))

    def _keep_rivals(self, table: str, id: str, local: Local, outcome: Outcome) -> None:
        for group, some in outcome.rivals.items():
            for dot, rival in some.items():
                old = local.rivals.get(group, {}).get(dot)
                if rival.open and (old is None or not old.open):
                    self.done.conflicts.append(((table, id), group))
                if old is None or (old.open, old.sent) != (rival.open, rival.sent):
                    losers.mark_conflict(self._conn, kept_of(table, id, group, rival), at=self._now)
            for dot, old in local.rivals.get(group, {}).items():
                if dot not in some:
                    losers.settle(self._conn, kept_of(table, id, group, old), losers.ELSEWHERE, at=self._now)

    def _gone(
        self, table: str, id: str, outcome: Outcome, arrived: Mapping[str, Sequence[Arrived]], *, there: bool
    ) -> None:
        """Let a row go; keep what arrived of one that isn't here, and the deletion's own value, to tell who may ask."""
        if there:
            for group in GROUPS[table].keys() - {LIFE}:
                syncing.release(self._conn, table, id, group)
            syncing.doom(self._conn, [(table, id)])
        heads = cells.apart(outcome.shadow)
        for group, some in arrived.items():
            if there and group != LIFE:
                continue
            best = cells.winner(heads[group]).dot
            for one in some:
                if one.cell.dot == best:
                    self._rows.hold(table, id, group, one.value)

    def _defer(self, table: str, records: Mapping[str, Mapping[str, Sequence[Arrived]]]) -> None:
        """Keep what a newer orc_lab has and this one hasn't, until it is known."""
        known = syncing.shadows(self._conn, table, records)
        for id, groups in records.items():
            before = read_shadow(known.get(id))
            try:
                after = added(before, groups)
            except Refused as error:
                self.done.refused.append(((table, id), str(error)))
                continue
            heads = cells.apart(after)
            for group, some in split(groups).items():
                self._rows.hold(table, id, group, cells_value(heads[group], some))
            self._keep_shadow(table, id, before, after)

    # References

    def _link(self, parents: set[str]) -> None:
        """Set what waited for rows that are there now, and make the rows that did."""
        while parents:
            found = syncing.waiting(self._conn, parents)
            before = {table: len(ids) for table, ids in self._rows.new.items()}
            stands = [one for one in found if self._waits(one)]
            syncing.stop_waiting(self._conn, found)
            for one in stands:
                self._link_one(one)
            made = {table: len(ids) for table, ids in self._rows.new.items()}
            parents = {one.id for one in found} if made != before else set()

    def _waits(self, one: Waiting) -> bool:
        """Whether a field waits still, and nobody has written to it here since."""
        return syncing.waits(self._conn, one.table, [one.id]).get(one.id, {}).get(one.field) == one.parent

    def _link_one(self, one: Waiting) -> None:
        now = self._standing(one.table, [one.id])
        group = GROUP_OF[one.table][one.field]
        if one.id not in now.rows:
            local = self._local(now, one.id)
            if one.id in now.extras and merge(local, {}).alive:
                dots = {name: cells.winner(some) for name, some in local.heads.items()}
                values = {name: (cell, local.values[name]) for name, cell in dots.items() if name in local.values}
                self._rows.insert(one.table, one.id, Outcome(shadow=local.shadow, alive=True, values=values, rivals={}))
            else:  # it was deleted meanwhile, and may come back
                value = {**local.values.get(group, NO_FIELDS), one.field: one.parent}
                self._rows.hold(one.table, one.id, group, value)
            return
        held = now.extras.get(one.id, {}).get(group, NO_FIELDS)
        if one.field in held and group not in now.writes(one.id):
            cell = cells.winner(now.heads(one.id)[group])
            self._rows.put(one.table, one.id, group, cell, held)
        elif now.rows[one.id][one.field] is None:
            heads = now.heads(one.id).get(group, [])
            syncing.effective(self._conn, cells.winner(heads).dot.clock // 1_000_000 if heads else None)
            syncing.update_row(self._conn, one.table, one.id, {one.field: one.parent})

    # Deletions

    def forget(self, keys: Iterable[Key]) -> None:
        """Forget that the server ever held some records."""
        for table, id in keys:
            self._keep_shadow(table, id, read_shadow(syncing.shadows(self._conn, table, [id]).get(id)), {})
            syncing.forget_shadow(self._conn, table, id)

    def reword(self, shadows: Mapping[Key, Heads]) -> None:
        """Keep in other words, joint or not, what the server holds of some records."""
        for (table, id), after in shadows.items():
            self._keep_shadow(table, id, read_shadow(syncing.shadows(self._conn, table, [id]).get(id)), after)

    def renew(self, keys: Iterable[Key]) -> None:
        """Have the conflicts of records that go out as new ones sent with them."""
        for table, id in keys:
            losers.unsend(self._conn, table, id)

    def relearn(self) -> bool:
        """Forget what came before this orc_lab knew it, and where it would have a place now; say whether any did.

        It is new then once the server names it again.
        """
        found: dict[Key, set[str]] = defaultdict(set)
        missing = False
        for table, id, group in syncing.held_at_all(self._conn):
            found[table, id].add(group)
        for (table, id), groups in found.items():
            mine = TABLE_OF.get(table, table)
            known = groups if table not in GROUPS else groups & GROUPS[table].keys()
            if mine in GROUPS and known:
                missing = True
                before = read_shadow(syncing.shadows(self._conn, table, [id]).get(id))
                after = _without(before, known)
                self._keep_shadow(table, id, before, after)
                if not after:
                    syncing.forget_shadow(self._conn, table, id)
                for group in known:
                    syncing.release(self._conn, table, id, group)
        return missing

    def lose(self, keys: Iterable[Key]) -> None:
        """Remove records that were deleted so long ago that the server no longer says when; not what is needed."""
        for table, id in sorted(keys, key=lambda key: -_ORDER.get(key[0], 0)):
            self._rows.there[table].discard(id)
            if table in GROUPS and not self._needed(table, id) and not self._unseen(table, id):
                self._leave(table, id)
                syncing.delete_row(self._conn, table, id)
                losers.settle_record(self._conn, table, id, at=self._now)
            elif table in GROUPS:
                syncing.mark_for_sync(self._conn, [(table, id, LIFE, syncing.next_clock(self._conn))])
                self.renew([(table, id)])

    def _unseen(self, table: str, id: str) -> bool:
        """Whether anything was written to a record here that the server has never heard of."""
        return bool(self._local(self._standing(table, [id]), id).pending)

    def _referring(self, table: str, *, needed: bool) -> list[Reference]:
        return [one for one in self._rows.references if one.parent is KINDS[table] and one.needed is needed]

    def _needed(self, table: str, id: str) -> bool:
        return any(referring(self._db, one, [id]) for one in self._referring(table, needed=True))

    def _leave(self, table: str, id: str) -> None:
        """Have what refers to a row wait for it, should it come back; who deleted the row hadn't seen what is left."""
        for one in self._referring(table, needed=False):
            left = [child for child, _ in referring(self._db, one, [id])]
            self._rows.left |= {(one.kind.table, child) for child in left}
            syncing.wait(self._conn, [Waiting(id, one.kind.table, child, one.field) for child in left])
            for child in left if one.goes else ():
                syncing.update_row(self._conn, one.kind.table, child, {one.field: None})

    def _remove(self, table: str, id: str) -> None:
        local = self._local(self._standing(table, [id]), id)
        outcome = merge(local, {})
        if not local.there or outcome.alive:  # it was written to since, here
            self._keep_rivals(table, id, local, outcome)
            return
        deletions = (cell for cell in local.heads.get(LIFE, ()) if cell.deletes)
        deletion = max(deletions, key=lambda cell: cell.dot, default=None)
        if deletion is None or self._needed(table, id):
            self._keep_needed(table, id, deletion)
            return
        self._leave(table, id)
        self._rows.there[table].discard(id)
        syncing.effective(self._conn, deletion.dot.clock // 1_000_000)
        syncing.delete_row(self._conn, table, id)
        self.done.changed += 1

    def _keep_needed(self, table: str, id: str, deletion: Cell | None) -> None:
        if deletion is not None:
            told = syncing.held(self._conn, table, [id]).get(id, {}).get(LIFE, NO_FIELDS)
            rival = Rival(deletion, told, open=True, sent=True)
            losers.mark_conflict(self._conn, kept_of(table, id, LIFE, rival), at=self._now)
            syncing.mark_for_sync(self._conn, [(table, id, LIFE, syncing.next_clock(self._conn))])
            self.done.conflicts.append(((table, id), LIFE))


_ORDER = {table: number for number, table in enumerate(GROUPS)}


def cells_value(heads: Collection[Cell], arrived: Sequence[Arrived]) -> Fields:
    """Return the value of a group's winner, where it has arrived."""
    best = cells.winner(heads).dot
    return next((one.value for one in arrived if one.cell.dot == best), {})


def _passed(now: Standing, id: str, entries: Sequence[Entry], former: Collection[str]) -> Mapping[str, Write]:
    """What was written to a record in this life of it, but for what the server knows by a former replica's name."""
    heads = now.heads(id)
    last = max((at for at, entry in enumerate(entries, start=1) if entry.op == "delete"), default=0)
    return {
        group: one
        for group, one in writes(now.table, entries[last:]).items()
        if not any(cell.context().get(name) == one.clock for cell in heads.get(group, ()) for name in former)
    }


def _without(kept: Heads, groups: Collection[str]) -> dict[str, Collection[Cell]]:
    """A record's cells without some groups; of joint cells the other groups are left, each by itself."""
    joint = {name for name in kept if not set(groups).isdisjoint(name.split(cells.JOINT))}
    of = {group for name in joint for group in name.split(cells.JOINT)} - {*groups}
    heads = cells.apart(kept)
    return {name: some for name, some in kept.items() if name not in joint} | {group: heads[group] for group in of}


def _by_table(records: Incoming) -> dict[str, dict[str, Mapping[str, Sequence[Arrived]]]]:
    found: dict[str, dict[str, Mapping[str, Sequence[Arrived]]]] = defaultdict(dict)
    for (table, id), groups in records.items():
        found[table][id] = groups
    return found
