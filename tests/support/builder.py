"""Stands in for a builder of images; see builder.rs."""
import base64, hashlib, json, os, sys, urllib.error, urllib.request

HOME = os.path.dirname(os.path.abspath(__file__))
NAME, ARGS = os.path.basename(sys.argv[0]), sys.argv[1:]
PLAYS = json.load(open(f"{HOME}/plays.json"))
VERSIONS = {"docker": "Docker version 27.3.1, build ce12230", "podman": "podman version 5.2.0", "finch": "finch version v1.4.0", "buildah": "buildah version 1.37.0"}


def stop(*lines):
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(1)


def log(registry="", more=""):
    line = " ".join(ARGS).replace(os.getcwd() + "/", "")
    line = line.replace(registry, "REGISTRY") if registry else line
    with open(f"{HOME}/log", "a") as file:
        file.write(f"{NAME} {line}{more}\n")


def after(option):
    return ARGS[ARGS.index(option) + 1]


def kept(reference):
    return f"{HOME}/{hashlib.sha256(reference.encode()).hexdigest()}.json"


def send(method, registry, path, body=None, kind="application/octet-stream"):
    password = json.load(open(f"{HOME}/login.json"))[registry]
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": kind}
    request = urllib.request.Request(f"http://{registry}{path}", data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.headers
    except urllib.error.HTTPError as error:
        stop(f"unexpected status from {method} request to {path}: {error.code}", error.read().decode())


if ARGS == ["--version"]:
    print(PLAYS.get("version", VERSIONS[NAME]))
elif ARGS == ["buildx", "version"]:
    if PLAYS.get("buildx", True) is None:
        stop("docker: 'buildx' is not a docker command.")
    print("github.com/docker/buildx v0.17.1 257815a")
elif "build" in ARGS[:2]:
    reference = after("--tag")
    registry = reference.split("/")[0]
    log(registry)
    context = os.path.basename(ARGS[-1])
    print(f"#1 [internal] load build definition from {os.path.relpath(after('--file'))}", file=sys.stderr)
    if not os.path.isfile(after("--file")) or not os.path.isdir(ARGS[-1]):
        stop("ERROR: there is nothing to build from")
    if PLAYS.get("fails") == context:
        stop("#5 [2/2] RUN make", "#5 0.312 make: *** No targets.  Stop.", 'ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2')
    print(f"#5 naming to {context} done", file=sys.stderr)
    platform = PLAYS.get("platform", after("--platform"))
    json.dump({"platform": platform}, open(kept(reference), "w"))
elif "inspect" in ARGS[:2]:
    print(json.load(open(kept(ARGS[-1])))["platform"])
elif ARGS[0] == "login":
    registry, password = ARGS[-1], sys.stdin.read()
    log(registry, f" < {'a password' if password and password not in ARGS else 'nothing'}")
    if PLAYS.get("login") == "denied":
        stop(f"Error response from daemon: login attempt to http://{registry}/v2/ failed with status: 400 Bad Request")
    path = f"{HOME}/login.json"
    known = json.load(open(path)) if os.path.exists(path) else {}
    json.dump({**known, registry: password}, open(path, "w"))
    send("GET", registry, "/v2/")
    print("Login Succeeded")
elif ARGS[0] == "push":
    registry, name = ARGS[-1].split("/", 1)
    repository, tag = name.rsplit(":", 1)
    log(registry)
    if PLAYS.get("push") == "denied":
        stop("denied: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:InitiateLayerUpload")
    system, architecture = json.load(open(kept(ARGS[-1])))["platform"].split("/")[:2]
    config = json.dumps({"os": system, "architecture": architecture}).encode()
    layer = f"the layer of {tag}".encode()
    sums = []
    for blob in (config, layer):
        sums.append("sha256:" + hashlib.sha256(blob).hexdigest())
        at = send("POST", registry, f"/v2/{repository}/blobs/uploads/")["location"]
        send("PUT", registry, f"{at}?digest={sums[-1]}", blob)
    kind = "application/vnd.oci.image.manifest.v1+json"
    parts = [{"mediaType": "application/octet-stream", "digest": one, "size": len(blob)} for one, blob in zip(sums, (config, layer))]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": parts[0], "layers": parts[1:]}).encode()
    print("The push refers to repository", repository)
    send("PUT", registry, f"/v2/{repository}/manifests/{tag}", manifest, kind)
else:
    stop(f"{NAME}: what is {' '.join(ARGS)}?")
