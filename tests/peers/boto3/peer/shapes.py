"""Checks answers, as they are on the wire, against botocore's own model of the service."""

import functools
import re
import sys
import unicodedata

# Texts that are times: the model has no other form for them than this one.
TIMES = {"ISO8601Datetime", "Instant"}
TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z"
)

# Values that the service is known to send although its model has them not.
# The item of a receipt: every published client reads this type.
UNMODELLED_VALUES = {("Item", "Type"): {"MESSAGEMETADATA"}}

# What items on a socket have beyond those of GetTranscript, as published clients read them.
ON_SOCKET = {
    "Item": {"InitialContactId": str},
    "MessageMetadata": {"MessageCompleted": bool, "ChunkNumber": int},
}

# What every error in this protocol may carry beside the members of its shape.
OF_ERRORS = {"__type", "message"}


@functools.cache
def letters(category):
    """The characters of a Unicode category, as they stand inside `[...]`."""
    ranges, start = [], None
    for point in range(sys.maxunicode + 2):
        inside = point <= sys.maxunicode and unicodedata.category(chr(point)).startswith(category)
        if inside and start is None:
            start = point
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{point - 1:08x}")
            start = None
    return "".join(ranges)


@functools.cache
def pattern(text):
    """A pattern of the model in Python's form: `\\p{L}` and its like are spelled out."""
    return re.compile(re.sub(r"\\p\{(\w+)\}", lambda found: letters(found[1]), text))


def check(shape, value, path="", extras=None):
    """Yields what is wrong with a value of that shape."""
    kind = shape.type_name
    if kind == "structure":
        yield from check_structure(shape, value, path, extras or {})
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path}: not a list"
            return
        yield from check_size(shape, len(value), path)
        for number, element in enumerate(value):
            yield from check(shape.member, element, f"{path}[{number}]", extras)
    elif kind == "map":
        if not isinstance(value, dict):
            yield f"{path}: not a map"
            return
        yield from check_size(shape, len(value), path)
        for key, element in value.items():
            yield from check(shape.key, key, f"{path}.{key} (its key)", extras)
            yield from check(shape.value, element, f"{path}.{key}", extras)
    elif kind == "string":
        yield from check_string(shape, value, path)
    elif kind in ("integer", "long"):
        bits = 31 if kind == "integer" else 63
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{path}: not a whole number"
        elif not -(2**bits) <= value < 2**bits:
            yield f"{path}: does not fit into {bits + 1} bits"
        else:
            yield from check_size(shape, value, path)
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield f"{path}: not a truth value"
    else:
        yield f"{path}: no check for {kind}"


def check_structure(shape, value, path, extras):
    if not isinstance(value, dict):
        yield f"{path}: not a structure"
        return
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name}: missing"
    if shape.is_tagged_union and len(value) != 1:
        yield f"{path}: {len(value)} members of a union"
    known = extras.get(shape.name, {})
    for name, element in value.items():
        if element in UNMODELLED_VALUES.get((shape.name, name), ()):
            continue
        if name in shape.members:
            yield from check(shape.members[name], element, f"{path}.{name}", extras)
        elif name not in known:
            yield f"{path}.{name}: not in the model"
        elif type(element) is not known[name]:
            yield f"{path}.{name}: not a {known[name].__name__}"


def check_size(shape, size, path):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{path}: {size} is less than {least}"
    if most is not None and size > most:
        yield f"{path}: {size} is more than {most}"


def check_string(shape, value, path):
    if not isinstance(value, str):
        yield f"{path}: not a string"
        return
    yield from check_size(shape, len(value), path)
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value} is none of {shape.enum}"
    form = shape.metadata.get("pattern")
    if form and not pattern(form).search(value):
        yield f"{path}: does not match {form}"
    if shape.name in TIMES and not TIME.fullmatch(value):
        yield f"{path}: {value} is not a time"
