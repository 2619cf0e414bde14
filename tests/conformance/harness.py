"""What the conformance scripts share: clients of a local AWS, checks, and a summary.

A script is run as `python SCRIPT URL`, where URL is that of `shipit local serve`. It needs boto3 and
nothing else, prints one line per failure and one for the whole, and exits 1 if anything failed.
Every answer is also held against boto3's model: a member that the model does not have is a failure.
"""

import json
import sys
import time
import uuid
import xml.etree.ElementTree as ElementTree

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import RpcV2CBORParser, create_parser
from botocore.serialize import create_serializer

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:4566"
passed, failures = 0, []
seen = set()


def fresh_account():
    """An account that nobody has used: an access key of twelve digits is an account."""
    return str(uuid.uuid4().int)[:12]


ACCOUNT = fresh_account()


def client(service, region="eu-west-1", account=ACCOUNT, protocol=None):
    """A client; `protocol` instead of the one that boto3 would choose."""
    session = boto3.session.Session(
        aws_access_key_id=account, aws_secret_access_key="secret", region_name=region
    )
    # boto3's own checks are off: local AWS has to refuse what AWS refuses.
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False)
    made = session.client(service, endpoint_url=URL, config=config)
    if protocol:
        made.meta.service_model.__dict__["resolved_protocol"] = protocol
        made._serializer = create_serializer(protocol, False)
        made._response_parser = create_parser(protocol)
    made.meta.events.register("response-received", lambda **event: hold_against_model(made, **event))
    return made


def hold_against_model(made, response_dict=None, event_name="", **_):
    name = event_name.split(".")[-1]
    service = made.meta.service_model.service_name
    seen.add(f"{service}:{name}")
    if response_dict is None or response_dict["status_code"] >= 300:
        return
    shape = made.meta.service_model.operation_model(name).output_shape
    protocol = made.meta.service_model.resolved_protocol
    where = f"{service}:{name}"
    if protocol == "smithy-rpc-v2-cbor":
        body = RpcV2CBORParser()._initial_body_parse(response_dict["body"])
        unknown_json(body, shape, where)
        return
    if protocol in ("json", "rest-json"):
        payload = shape and shape.serialization.get("payload")
        shape = shape.members[payload] if payload else shape
        unknown_json(json.loads(response_dict["body"] or b"{}"), shape, where)
        return
    if protocol == "rest-xml":
        payload = shape and shape.serialization.get("payload")
        shape = shape.members[payload] if payload else shape
        # Policies and objects are no XML.
        if not response_dict["body"] or shape.type_name in ("blob", "string"):
            return
    root = strip(ElementTree.fromstring(response_dict["body"]))
    if protocol == "query":
        parts = {part.tag: part for part in root}
        if "ResponseMetadata" not in parts:
            fail(where, "no ResponseMetadata")
        result = parts.get(f"{name}Result")
        if result is not None and shape is not None:
            unknown_xml(result, shape, where, "query")
    else:
        unknown_xml(root, shape, where, "ec2", top=True)


def strip(element):
    for each in element.iter():
        each.tag = each.tag.split("}")[-1]
    return element


def unknown_json(value, shape, where):
    if shape is None or value is None:
        return
    if shape.type_name == "structure":
        names = {m.serialization.get("name", n): m for n, m in shape.members.items()}
        for name, part in value.items():
            if name not in names:
                fail(where, f"{name} is not in the model of {shape.name}")
            else:
                unknown_json(part, names[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for part in value:
            unknown_json(part, shape.member, where)
    elif shape.type_name == "map":
        for part in value.values():
            unknown_json(part, shape.value, where)


def unknown_xml(element, shape, where, protocol, top=False):
    if shape is None:
        return
    if shape.type_name == "structure":
        names = {m.serialization.get("name", n): m for n, m in shape.members.items()}
        for part in element:
            if top and part.tag in ("requestId", "return"):
                continue
            if part.tag not in names:
                fail(where, f"{part.tag} is not in the model of {shape.name}")
            else:
                unknown_xml(part, names[part.tag], f"{where}.{part.tag}", protocol)
    elif shape.type_name == "list" and shape.serialization.get("flattened"):
        unknown_xml(element, shape.member, where, protocol)
    elif shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        for part in element:
            if part.tag != item:
                fail(where, f"the list's items are {part.tag}, not {item}")
            unknown_xml(part, shape.member, where, protocol)


def fail(what, why):
    line = f"FAIL {what}: {why}"
    if line not in failures:
        failures.append(line)
        print(line)


def check(what, found, wanted=True):
    """`found` equals `wanted`."""
    global passed
    if found == wanted:
        passed += 1
    else:
        fail(what, f"wanted {wanted!r}, found {found!r}")


def refused(code, what, call, **arguments):
    """The call fails with this error code."""
    global passed
    try:
        call(**arguments)
    except ClientError as error:
        found = error.response["Error"]["Code"]
        if found == code:
            passed += 1
        else:
            fail(what, f"wanted {code}, found {error}")
        return error
    fail(what, f"wanted {code}, but it was accepted")
    return None


def until(what, look, seconds=20):
    """Looks until `look` answers true; local AWS's time is sped up, but it passes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if look():
            return check(what, True)
        time.sleep(0.05)
    return fail(what, f"not so after {seconds} s")


def summary(name):
    print(f"{name}: {passed} checks passed, {len(failures)} failed, {len(seen)} operations called")
    sys.exit(1 if failures else 0)
