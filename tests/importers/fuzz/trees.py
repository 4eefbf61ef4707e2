"""A JSON tree with some of it replaced, and written again."""

import json
import re
from random import Random
from typing import Any

from tests.importers.fuzz.values import DATES, DEEP, KEYS, LONG, NUMBERS, TEXTS, TWICE, any_value, scalar

Place = tuple[Any, Any]  # what holds a value, and by which key or index

_STANDING_IN = re.compile(rf'"(?:\\uf8fe|{LONG}|(?:\\uf8fd|{DEEP})(\d+)([lo]))"')
_TWICE = re.compile(rf'(?:\\uf8ff|{TWICE})"')
_REFERS = re.compile(r"parent|project|depends|id$|_id$|Ids?$|todo|goal|uuid|subTask|task", re.IGNORECASE)


def mutated(rng: Random, tree: Any, other: Any) -> Any:
    """Return a tree with one to five parts of it replaced; it is changed. `other` is one to take parts of."""
    held = [tree]
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        places = _places(held)
        _KINDS[rng.randrange(len(_KINDS))](rng, places, other)
    return held[0]


def written(rng: Random, tree: Any) -> str:
    """Return a tree as JSON text, in one of the ways in which tools write it."""
    indent = rng.choice((None, None, None, 1, 2))
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.6, indent=indent)
    return _TWICE.sub('"', _STANDING_IN.sub(_meant, text))


def _meant(found: re.Match[str]) -> str:
    if found[1] is None:
        return "9" * 5000
    many = int(found[1])
    return "[" * many + "]" * many if found[2] == "l" else '{"a":' * many + "1" + "}" * many


def _places(tree: Any) -> list[Place]:
    """Return the places of all values of a tree, the whole among them."""
    found: list[Place] = []
    waiting = [tree]
    while waiting:
        held = waiting.pop()
        for key in held if isinstance(held, dict) else range(len(held)):
            found.append((held, key))
            if isinstance(held[key], (dict, list)):
                waiting.append(held[key])
    return found


def _any(rng: Random, places: list[Place]) -> Place:
    """Return a place, the whole tree seldom."""
    return places[rng.randrange(1, len(places))] if len(places) > 1 and rng.random() < 0.98 else places[0]


def _of(rng: Random, places: list[Place], kind: Any) -> Place | None:
    some = [place for place in places if isinstance(place[0][place[1]], kind)]
    return rng.choice(some) if some else None


def _replace(rng: Random, places: list[Place], other: Any) -> None:
    holder, key = _any(rng, places)
    holder[key] = any_value(rng)


def _replace_scalar(rng: Random, places: list[Place], other: Any) -> None:
    """Replace a plain value by a hostile one of its own type."""
    if (place := _of(rng, places, (str, int, float))) is None:
        return
    holder, key = place
    old = holder[key]
    if isinstance(old, str):
        holder[key] = rng.choice(DATES if old[:2].isdigit() or rng.random() < 0.2 else TEXTS)
    else:
        holder[key] = rng.choice(NUMBERS)


def _change_text(rng: Random, places: list[Place], other: Any) -> None:
    """Put something into a text, or take something out of it."""
    if (place := _of(rng, places, str)) is None:
        return
    holder, key = place
    old = holder[key]
    at = rng.randrange(len(old) + 1)
    holder[key] = old[:at] + rng.choice(TEXTS) + old[at + rng.choice((0, 0, 1, 3)) :]


def _other_type(rng: Random, places: list[Place], other: Any) -> None:
    """Say the same in another type, as another version of a tool may."""
    holder, key = _any(rng, places)
    old = holder[key]
    ways: list[Any] = [[old], {"value": old}, {"id": old}, json.dumps(old, default=str)]
    if isinstance(old, str):
        ways += (
            [int(old)]
            if old.isascii() and old.isdigit() and len(old) < 4000
            else [None, old.encode("utf-8", "surrogatepass").hex()[:50]]
        )
    elif isinstance(old, (dict, list)) and old:
        ways += (
            [next(iter(old.values()))]
            if isinstance(old, dict)
            else [old[0], {str(at): str(one) for at, one in enumerate(old)}]
        )
    elif isinstance(old, (int, float)):
        ways += [str(old), old * 1000, old / 1000 if abs(old) < 1e300 else 0, -old, not old]
    holder[key] = rng.choice(ways)


def _remove(rng: Random, places: list[Place], other: Any) -> None:
    holder, key = _any(rng, places)
    del holder[key]
    if not holder:
        holder.append({}) if isinstance(holder, list) else holder.update({"id": "1"})


def _rename(rng: Random, places: list[Place], other: Any) -> None:
    holder, key = _any(rng, places)
    if isinstance(holder, dict):
        new = rng.choice((rng.choice(KEYS), key.upper(), key + "s", key[:-1], " " + key))
        holder[new] = holder.pop(key)


def _key_twice(rng: Random, places: list[Place], other: Any) -> None:
    holder, key = _any(rng, places)
    if isinstance(holder, dict):
        holder[key + TWICE] = rng.choice((holder[key], any_value(rng)))


def _add(rng: Random, places: list[Place], other: Any) -> None:
    if (place := _of(rng, places, (dict, list))) is None:
        return
    holder, key = place
    held = holder[key]
    if isinstance(held, dict):
        held[rng.choice(KEYS)] = any_value(rng)
    else:
        held.insert(rng.randrange(len(held) + 1), any_value(rng))


def _again(rng: Random, places: list[Place], other: Any) -> None:
    """Let a list hold something twice or many times, the copies alike or a little changed."""
    if (place := _of(rng, places, list)) is None or not (held := place[0][place[1]]):
        return
    for _ in range(rng.choice((1, 1, 2, 12))):
        copy = _copied(rng.choice(held))
        if isinstance(copy, dict) and copy and rng.random() < 0.5:
            copy[rng.choice(list(copy))] = scalar(rng)
        held.insert(rng.randrange(len(held) + 1), copy)


def _shuffle(rng: Random, places: list[Place], other: Any) -> None:
    if (place := _of(rng, places, list)) is not None:
        rng.shuffle(place[0][place[1]])


def _refer(rng: Random, places: list[Place], other: Any) -> None:
    """Let something that refers to a record refer to another: what isn't there, itself, or in a circle."""
    some = [(holder, key) for holder, key in places if isinstance(key, str) and _REFERS.search(key)]
    plain = [place for place in some if isinstance(place[0][place[1]], (str, int))]
    if plain:
        (holder, key), (from_holder, from_key) = rng.choice(some), rng.choice(plain)
        holder[key] = from_holder[from_key]
    for holder, key in rng.sample(some, min(len(some), 3)):
        if isinstance(holder, dict) and holder.get("id") is not None and rng.random() < 0.3:
            holder[key] = holder["id"]


def _copy_field(rng: Random, places: list[Place], other: Any) -> None:
    """Let a field have what the field of the same name has elsewhere."""
    holder, key = _any(rng, places)
    alike = [one for one, name in places if name == key and one is not holder]
    if alike and isinstance(key, str):
        holder[key] = _copied(rng.choice(alike)[key])


def _swap(rng: Random, places: list[Place], other: Any) -> None:
    one, two = _of(rng, places, (str, int, float, bool)), _of(rng, places, (str, int, float, bool))
    if one is not None and two is not None:
        one[0][one[1]], two[0][two[1]] = two[0][two[1]], one[0][one[1]]


def _splice(rng: Random, places: list[Place], other: Any) -> None:
    """Take a part of another file."""
    theirs = _places([other])
    like = [place for place in theirs if isinstance(place[0][place[1]], (dict, list))]
    holder, key = _any(rng, places)
    from_holder, from_key = rng.choice(like or theirs)
    if isinstance(holder, list) and rng.random() < 0.7:
        holder.insert(key, _copied(from_holder[from_key]))
    else:
        holder[key] = _copied(from_holder[from_key])


def _copied(value: Any) -> Any:
    return json.loads(json.dumps(value))


_KINDS = (
    _replace, _replace, _replace_scalar, _replace_scalar, _replace_scalar, _change_text, _other_type, _remove, _remove,
    _rename, _key_twice, _add, _again, _again, _shuffle, _refer, _refer, _copy_field, _swap, _splice,
)  # fmt: skip
