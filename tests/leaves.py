"""Facts mutated leaf by leaf: each entry of nested tables and lists in turn another thing, gone, or joined by one."""

import copy

NESTED = [[[[[1]]]]]
UNTELLABLE = "\x1b\ud800"
ODD = (None, True, 0, -1, 2.5, "", "x", UNTELLABLE, [], [1], {}, {"a": 1}, 1e300, 10**400, float("nan"), NESTED)
GONE, MORE = object(), object()


def places(facts, place=()):
    """Yield the place of each entry, of lists the first two."""
    if place:
        yield place
    if isinstance(facts, dict):
        for key in facts:
            yield from places(facts[key], (*place, key))
    elif isinstance(facts, list):
        for number in range(min(len(facts), 2)):
            yield from places(facts[number], (*place, number))


def mutations(facts, odd=ODD):
    """Yield, for each entry and each odd thing, a name of the change and the changed facts."""
    for place in places(facts):
        for thing in (*odd, GONE, MORE):
            changed = copy.deepcopy(facts)
            entry = changed
            for key in place[:-1]:
                entry = entry[key]
            held = entry[place[-1]]
            if thing is GONE:
                del entry[place[-1]]
            elif thing is MORE and isinstance(held, dict):
                held["more"] = 1
            elif thing is MORE and isinstance(held, list):
                held.append(1)
            elif thing is not MORE:
                entry[place[-1]] = thing
            yield f"{'.'.join(map(str, place))}: {'gone' if thing is GONE else repr(thing)[:40]}", changed
