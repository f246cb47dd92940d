"""Walks the input shape of an operation and makes a request beyond, and one at, each limit."""

import copy
from dataclasses import dataclass
from typing import Any

# How a step of a path into a request is written.
ELEMENT, KEY, VALUE = "[]", "{key}", "{value}"
ABSENT = object()
# A length for texts that the model does not limit.
MUCH = 5_000
WRONG_WORD = "NO_SUCH_VALUE"


@dataclass(frozen=True)
class Member:
    """Something in a request that has limits."""

    path: tuple
    shape: Any
    required: bool
    location: str
    # Beside others of which there is to be exactly one.
    in_union: bool = False

    @property
    def name(self):
        """The member whose name an error has to say: elements have none of their own."""
        return [step for step in self.path if step not in (ELEMENT, KEY, VALUE)][-1]

    def __str__(self):
        return ".".join(self.path)


@dataclass(frozen=True)
class Probe:
    """A value for a member, and whether it is within the limits."""

    member: Member
    limit: str
    value: Any
    allowed: bool
    # Goes into the body as it is: botocore cannot be made to write it.
    on_the_wire: bool = False


def members(shape, path=(), location="body", within=()):
    """Everything in a shape that has limits. A shape inside itself is walked once more only."""
    if within.count(shape.name) > 1:
        return
    within = (*within, shape.name)
    children = []
    if shape.type_name == "structure":
        for name, child in shape.members.items():
            place = child.serialization.get("location", location)
            required = name in shape.required_members
            union = shape.is_tagged_union
            children.append(Member((*path, name), child, required, place, union))
    elif shape.type_name == "list":
        children.append(Member((*path, ELEMENT), shape.member, False, location))
    elif shape.type_name == "map":
        children.append(Member((*path, KEY), shape.key, False, location))
        children.append(Member((*path, VALUE), shape.value, False, location))
    for child in children:
        yield child
        yield from members(child.shape, child.path, child.location, within)


def probes(member, example):
    """The requests to make about a member, of which `example` is an allowed value."""
    yield from probes_of_presence(member)
    kind = member.shape.type_name
    if kind == "string":
        yield from probes_of_string(member, example)
    elif kind in ("list", "map"):
        yield from probes_of_collection(member, example)
    elif kind in ("integer", "long"):
        yield from probes_of_number(member)
    elif kind == "boolean":
        for value in (True, False):
            yield Probe(member, "type", value, True)
    elif kind == "structure" and member.shape.is_tagged_union:
        yield Probe(member, "union", {}, False)
        if len(member.shape.members) > 1:
            every = {name: plain(child) for name, child in member.shape.members.items()}
            yield Probe(member, "union", every, False)
    yield from probes_of_type(member)


def probes_of_presence(member):
    if member.path[-1] in (ELEMENT, KEY, VALUE) or member.in_union:
        return
    allowed = not member.required
    # What botocore fills in when it is absent can be taken away on the wire only.
    filled_in = member.shape.metadata.get("idempotencyToken", False)
    yield Probe(member, "required", ABSENT, allowed, on_the_wire=filled_in)
    if member.location == "body":
        yield Probe(member, "required", None, allowed, on_the_wire=True)


def probes_of_type(member):
    """JSON of another type; in a path or a header, everything is text."""
    if member.location != "body" or member.path[-1] == KEY:
        return
    wrong = {
        "string": [7, ["text"]],
        "list": ["text", {}],
        "map": ["text", []],
        "structure": ["text", []],
        "integer": ["7", 7.5],
        "long": ["7", 7.5],
        "boolean": ["true", 1],
    }[member.shape.type_name]
    for value in wrong:
        yield Probe(member, "type", value, False, on_the_wire=True)


def probes_of_string(member, example):
    least, most = member.shape.metadata.get("min"), member.shape.metadata.get("max")
    if member.shape.enum:
        yield Probe(member, "enum", WRONG_WORD, False)
        for word in member.shape.enum:
            yield Probe(member, "enum", word, True)
        return
    if least:
        yield Probe(member, "min", sized(example, least - 1), False)
    yield Probe(member, "min", sized(example, least or 0), True)
    if most is not None:
        yield Probe(member, "max", sized(example, most + 1), False)
    yield Probe(member, "max", sized(example, most or MUCH), True)
    if "pattern" in member.shape.metadata:
        yield Probe(member, "pattern", "\N{SNOWMAN}", False)


def probes_of_collection(member, example):
    least, most = member.shape.metadata.get("min"), member.shape.metadata.get("max")
    if least:
        yield Probe(member, "min", [], False)
        yield Probe(member, "min", longer(example, least), True)
    if most is not None:
        yield Probe(member, "max", longer(example, most + 1), False)
        yield Probe(member, "max", longer(example, most), True)


def probes_of_number(member):
    least, most = member.shape.metadata.get("min"), member.shape.metadata.get("max")
    if least is not None:
        yield Probe(member, "min", least - 1, False)
        yield Probe(member, "min", least, True)
    if most is not None:
        yield Probe(member, "max", most + 1, False)
        yield Probe(member, "max", most, True)
    if most is None:
        bits = 31 if member.shape.type_name == "integer" else 63
        yield Probe(member, "type", 2**bits, False)
        yield Probe(member, "type", 2**bits - 1, True)


def sized(text, length):
    """A text of that length, as like to the other as can be."""
    if length < len(text):
        return text[:length]
    # Its beginning and its end are what it means: a scheme, an extension.
    return text[:-4] + "x" * (length - len(text)) + text[-4:]


def plain(shape):
    """Some allowed value of a simple shape."""
    return shape.enum[0] if shape.type_name == "string" else shape.metadata["min"]


def longer(values, length):
    return (list(values) * length)[:length]


def find(request, path):
    """Where a path leads in a request, as keys and indices; nothing when it is not there."""
    if not path:
        return []
    step, rest = path[0], path[1:]
    if step == ELEMENT:
        choices = range(len(request)) if isinstance(request, list) else ()
    elif step in (KEY, VALUE):
        choices = list(request) if isinstance(request, dict) else ()
    else:
        choices = [step] if isinstance(request, dict) and step in request else ()
    for choice in choices:
        # The key of a map is the end of a path.
        found = [] if step == KEY else find(request[choice], rest)
        if found is not None:
            return [choice, *found]
    return None


def example_at(request, member):
    """The value that a request has for a member; nothing when it has none."""
    keys = find(request, member.path)
    if keys is None:
        return None
    if member.path[-1] == KEY:
        return keys[-1]
    for key in keys:
        request = request[key]
    return request


def changed(request, probe):
    """The request with the value of the probe in the place of its own."""
    request = copy.deepcopy(request)
    keys = find(request, probe.member.path)
    *above, last = keys
    holder = request
    for key in above:
        holder = holder[key]
    if probe.member.path[-1] == KEY:
        holder[probe.value] = holder.pop(last)
    elif probe.value is ABSENT:
        del holder[last]
    else:
        holder[last] = probe.value
    return request
