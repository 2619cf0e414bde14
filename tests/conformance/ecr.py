"""ecr: repositories and images, as boto3 sees them."""

import base64
import hashlib
import json
import urllib.error
import urllib.request

from harness import ACCOUNT, URL, check, client, refused, summary

ecr = client("ecr")
name = {"repositoryName": "demo/test/api"}
arn = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/demo/test/api"

made = ecr.create_repository(**name, tags=[{"Key": "a", "Value": "1"}])["repository"]
made.pop("createdAt")
whole = {
    "repositoryArn": arn, "registryId": ACCOUNT, "repositoryName": "demo/test/api", "repositoryUri": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/demo/test/api",
    "imageTagMutability": "MUTABLE", "imageScanningConfiguration": {"scanOnPush": False}, "encryptionConfiguration": {"encryptionType": "AES256"},
}
check("repository", made, whole)
refused("RepositoryAlreadyExistsException", "again", ecr.create_repository, **name)
refused("InvalidParameterException", "name", ecr.create_repository, repositoryName="Demo")
refused("InvalidParameterException", "key with AES256", ecr.create_repository, repositoryName="x1", encryptionConfiguration={"encryptionType": "AES256", "kmsKey": "k"})
kms = ecr.create_repository(repositoryName="kms", encryptionConfiguration={"encryptionType": "KMS"}, imageScanningConfiguration={"scanOnPush": True}, imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "latest*"}])["repository"]
check("kms", (kms["encryptionConfiguration"]["kmsKey"].startswith("arn:aws:kms:"), kms["imageScanningConfiguration"], kms["imageTagMutabilityExclusionFilters"]), (True, {"scanOnPush": True}, [{"filterType": "WILDCARD", "filter": "latest*"}]))
ecr.put_image_scanning_configuration(**name, imageScanningConfiguration={"scanOnPush": True})
ecr.put_image_tag_mutability(**name, imageTagMutability="IMMUTABLE")
found = ecr.describe_repositories(repositoryNames=["demo/test/api"])["repositories"][0]
check("changed", (found["imageScanningConfiguration"], found["imageTagMutability"]), ({"scanOnPush": True}, "IMMUTABLE"))
refused("RepositoryNotFoundException", "unknown", ecr.describe_repositories, repositoryNames=["nope"])
for n in range(4):
    ecr.create_repository(repositoryName=f"page-{n}")
pages = list(ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 4}))
check("pages", [len(p["repositories"]) for p in pages], [4, 2])
refused("InvalidParameterException", "maxResults", ecr.describe_repositories, maxResults=1001)
check("other region", client("ecr", region="us-east-1").describe_repositories()["repositories"], [])
ecr.tag_resource(resourceArn=arn, tags=[{"Key": "b", "Value": "2"}])
ecr.untag_resource(resourceArn=arn, tagKeys=["a"])
check("tags", ecr.list_tags_for_resource(resourceArn=arn)["tags"], [{"Key": "b", "Value": "2"}])

policy = json.dumps({"rules": [{"rulePriority": 1, "description": "keep ten", "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10}, "action": {"type": "expire"}}]})
refused("LifecyclePolicyNotFoundException", "no policy", ecr.get_lifecycle_policy, **name)
ecr.put_lifecycle_policy(**name, lifecyclePolicyText=policy)
check("lifecycle", ecr.get_lifecycle_policy(**name)["lifecyclePolicyText"], policy)
refused("InvalidParameterException", "bad lifecycle", ecr.put_lifecycle_policy, **name, lifecyclePolicyText=policy.replace("expire", "explode"))
ecr.delete_lifecycle_policy(**name)
refused("LifecyclePolicyNotFoundException", "policy deleted", ecr.delete_lifecycle_policy, **name)
allow = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]})
refused("RepositoryPolicyNotFoundException", "no permissions", ecr.get_repository_policy, **name)
ecr.set_repository_policy(**name, policyText=allow)
check("permissions", ecr.get_repository_policy(**name)["policyText"], allow)
ecr.delete_repository_policy(**name)

# Images -----------------------------------------------------------------------------------------
TYPE = "application/vnd.oci.image.manifest.v1+json"
manifest = json.dumps({"schemaVersion": 2, "mediaType": TYPE, "config": {"size": 10}, "layers": [{"size": 100}]})
image = ecr.put_image(**name, imageManifest=manifest, imageTag="1")["image"]
digest = image["imageId"]["imageDigest"]
check("image", (image["imageId"]["imageTag"], image["imageManifestMediaType"], digest[:7]), ("1", TYPE, "sha256:"))
refused("ImageAlreadyExistsException", "same image", ecr.put_image, **name, imageManifest=manifest, imageTag="1")
refused("ImageTagAlreadyExistsException", "immutable", ecr.put_image, **name, imageManifest=manifest + " ", imageTag="1")
refused("ImageDigestDoesNotMatchException", "digest", ecr.put_image, **name, imageManifest=manifest, imageDigest="sha256:0")
ecr.put_image(**name, imageManifest=manifest, imageTag="2")
detail = ecr.describe_images(**name)["imageDetails"]
check("details", [(d["imageTags"], d["imageSizeInBytes"], d["imageDigest"]) for d in detail], [(["1", "2"], 110, digest)])
refused("ImageNotFoundException", "unknown tag", ecr.describe_images, **name, imageIds=[{"imageTag": "3"}])
check("ids", ecr.list_images(**name)["imageIds"], [{"imageDigest": digest, "imageTag": "1"}, {"imageDigest": digest, "imageTag": "2"}])
got = ecr.batch_get_image(**name, imageIds=[{"imageTag": "2"}, {"imageTag": "3"}])
check("got", ([i["imageManifest"] for i in got["images"]], [f["failureCode"] for f in got["failures"]]), ([manifest], ["ImageNotFound"]))
ecr.put_image(repositoryName="kms", imageManifest=manifest, imageTag="latest-1")
check("excluded tag moves", ecr.put_image(repositoryName="kms", imageManifest=manifest + " ", imageTag="latest-1")["image"]["imageId"]["imageTag"], "latest-1")
check("untagged", len(ecr.list_images(repositoryName="kms", filter={"tagStatus": "UNTAGGED"})["imageIds"]), 1)
refused("RepositoryNotEmptyException", "not empty", ecr.delete_repository, **name)
gone = ecr.batch_delete_image(**name, imageIds=[{"imageTag": "1"}, {"imageDigest": digest}, {"imageTag": "9"}])
check("deleted", (len(gone["imageIds"]), [f["failureCode"] for f in gone["failures"]]), (2, ["ImageNotFound"]))
check("no images", ecr.describe_images(**name)["imageDetails"], [])
ecr.delete_repository(**name)
ecr.delete_repository(repositoryName="kms", force=True)
refused("RepositoryNotFoundException", "deleted", ecr.delete_repository, **name)

# The registry: layers by the API, and all of an image over HTTP as builders push it -----------------
data = ecr.get_authorization_token()["authorizationData"][0]
check("token", (data["proxyEndpoint"], base64.b64decode(data["authorizationToken"]).decode()), (URL, f"AWS:local-aws.{ACCOUNT}.eu-west-1"))


def registry(method, path, body=None, token=data["authorizationToken"], **headers):
    """Status, headers and body of one request to the registry."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        headers["Authorization"] = f"Basic {token}"
    request = urllib.request.Request(URL + path, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def sha(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


check("nobody", registry("GET", "/v2/", token=None)[0], 401)
check("signed in", registry("GET", "/v2/")[0], 200)
check("no repository", registry("POST", "/v2/demo/test/web/blobs/uploads/")[0], 404)
web = {"repositoryName": "demo/test/web"}
ecr.create_repository(**web, imageTagMutability="IMMUTABLE")
layer, config = b"a layer", json.dumps({"os": "linux", "architecture": "amd64"}).encode()
whole = json.dumps({"schemaVersion": 2, "mediaType": TYPE, "config": {"digest": sha(config), "size": len(config)}, "layers": [{"digest": sha(layer), "size": len(layer)}]}).encode()
check("layer missing", registry("PUT", "/v2/demo/test/web/manifests/1", whole, Content_Type=TYPE)[0], 404)
status, headers, _ = registry("POST", "/v2/demo/test/web/blobs/uploads/")
check("upload begins", status, 202)
at = headers["location"]
check("in parts", (registry("PATCH", at, layer[:3])[1]["range"], registry("PATCH", at, layer[3:])[1]["range"]), ("0-2", "0-6"))
check("wrong digest", registry("PUT", f"{at}?digest={sha(b'x')}")[0], 400)
for content in (layer, config):
    at = registry("POST", "/v2/demo/test/web/blobs/uploads/")[1]["location"]
    check("pushed", registry("PUT", f"{at}?digest={sha(content)}", content)[0], 201)
check("is there", registry("HEAD", f"/v2/demo/test/web/blobs/{sha(layer)}")[1]["content-length"], "7")
check("manifest", registry("PUT", "/v2/demo/test/web/manifests/1", whole, Content_Type=TYPE)[1]["docker-content-digest"], sha(whole))
check("again", registry("PUT", "/v2/demo/test/web/manifests/1", whole, Content_Type=TYPE)[0], 201)
check("tag is kept", registry("PUT", "/v2/demo/test/web/manifests/1", whole + b" ", Content_Type=TYPE)[0], 400)
check("pulled", registry("GET", f"/v2/demo/test/web/manifests/{sha(whole)}")[2], whole)
check("described", ecr.describe_images(**web, imageIds=[{"imageTag": "1"}])["imageDetails"][0]["imageDigest"], sha(whole))

found = ecr.batch_check_layer_availability(**web, layerDigests=[sha(layer), sha(b"x"), "x"])
check("availability", [(one["layerAvailability"], one.get("layerSize")) for one in found["layers"]], [("AVAILABLE", 7), ("UNAVAILABLE", None)])
check("invalid digest", [one["failureCode"] for one in found["failures"]], ["InvalidLayerDigest"])
refused("LayersNotFoundException", "no layer", ecr.get_download_url_for_layer, **web, layerDigest=sha(b"x"))
url = ecr.get_download_url_for_layer(**web, layerDigest=sha(layer))["downloadUrl"]
check("downloaded", urllib.request.urlopen(url).read(), layer)
check("a range of it", urllib.request.urlopen(urllib.request.Request(url, headers={"Range": "bytes=2-4"})).read(), layer[2:5])
new = ecr.initiate_layer_upload(**web)
check("part size", new["partSize"], 10 << 20)
upload = {**web, "uploadId": new["uploadId"]}
refused("EmptyUploadException", "no parts", ecr.complete_layer_upload, **upload, layerDigests=[sha(b"xy")])
ecr.upload_layer_part(**upload, partFirstByte=0, partLastByte=0, layerPartBlob=b"x")
refused("InvalidLayerPartException", "a gap", ecr.upload_layer_part, **upload, partFirstByte=5, partLastByte=5, layerPartBlob=b"x")
check("received", ecr.upload_layer_part(**upload, partFirstByte=1, partLastByte=1, layerPartBlob=b"y")["lastByteReceived"], 1)
refused("InvalidLayerException", "another digest", ecr.complete_layer_upload, **upload, layerDigests=[sha(b"z")])
check("complete", ecr.complete_layer_upload(**upload, layerDigests=[sha(b"xy")])["layerDigest"], sha(b"xy"))
refused("UploadNotFoundException", "no upload", ecr.complete_layer_upload, **upload, layerDigests=[sha(b"xy")])
ecr.delete_repository(**web, force=True)
check("registry", ecr.describe_registry()["registryId"], ACCOUNT)

summary("ecr")
