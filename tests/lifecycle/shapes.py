"""Prints every member of the inputs of operations, as JSON: {"service/Operation": [path, ...]}.

Usage: shapes.py SERVICE/OPERATION...
A path joins member names by dots; `[]` stands for the elements of a list, `{}` for the values of a map.
A member that holds members is printed too, before them.
"""

import json
import sys

from botocore.loaders import Loader
from botocore.model import ServiceModel


def members(shape, prefix, above):
    if shape.type_name == "structure":
        # A shape within itself would never end.
        if shape.name in above:
            return
        for name, member in shape.members.items():
            path = f"{prefix}.{name}" if prefix else name
            yield path
            yield from members(member, path, above + (shape.name,))
    elif shape.type_name == "list":
        yield from members(shape.member, prefix + "[]", above)
    elif shape.type_name == "map":
        yield from members(shape.value, prefix + "{}", above)


def main():
    models = {}
    found = {}
    for word in sys.argv[1:]:
        service, operation = word.split("/")
        if service not in models:
            models[service] = ServiceModel(Loader().load_service_model(service, "service-2"), service)
        shape = models[service].operation_model(operation).input_shape
        found[word] = list(members(shape, "", ()))
    json.dump(found, sys.stdout)


main()
