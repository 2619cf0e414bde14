"""Holds Kubernetes objects against the published OpenAPI schemas.

Reads a JSON list of objects from standard input, or every `*.json` and `*.yml` file below the folders that are named; writes a JSON
list of complaints: "KIND NAME: what is wrong". `--version 1.33` chooses the schemas.
"""

import json
import pathlib
import sys

import kubernetes_validate
import yaml


def objects(folders):
    if not folders:
        return json.load(sys.stdin)
    found = []
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix in (".json", ".yml", ".yaml"):
                found.extend(one for one in yaml.safe_load_all(path.read_text()) if one)
    return found


def main(arguments):
    version = None
    if arguments[:1] == ["--version"]:
        version, arguments = arguments[1], arguments[2:]
    version = version or kubernetes_validate.latest_version()
    wrong = []
    for one in objects(arguments):
        name = f"{one.get('kind')} {one.get('metadata', {}).get('name')}"
        try:
            kubernetes_validate.validate(one, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            wrong.append(f"{name}: no schema of {one.get('apiVersion')}")
        except kubernetes_validate.ValidationError as error:
            path = ".".join(str(part) for part in error.path)
            wrong.append(f"{name}: {path}: {error.message}")
    json.dump(wrong, sys.stdout)


main(sys.argv[1:])
