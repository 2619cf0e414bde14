"""App Mesh, as boto3 sees it: every field of every kind is read back."""

from harness import ACCOUNT, check, client, refused, summary

mesh = client("appmesh")
ARN = f"arn:aws:appmesh:eu-west-1:{ACCOUNT}:mesh"


def second(value):
    return {"value": value, "unit": "s"}


TRUST = {"trust": {"file": {"certificateChain": "/keys/chain.pem"}}, "subjectAlternativeNames": {"match": {"exact": ["a.shop"]}}}
CLIENT = {
    "tls": {
        "enforce": True,
        "ports": [443],
        "certificate": {"sds": {"secretName": "client"}},
        "validation": {"trust": {"acm": {"certificateAuthorityArns": ["arn:aws:acm-pca:eu-west-1:1:certificate-authority/a"]}}},
    }
}
LISTENER = {
    "portMapping": {"port": 8080, "protocol": "http"},
    "healthCheck": {
        "protocol": "http", "path": "/", "port": 8080, "intervalMillis": 5000, "timeoutMillis": 2000, "healthyThreshold": 2,
        "unhealthyThreshold": 3,
    },
    "timeout": {"http": {"idle": second(60), "perRequest": second(5)}},
    "connectionPool": {"http": {"maxConnections": 10, "maxPendingRequests": 20}},
    "outlierDetection": {
        "maxServerErrors": 5, "interval": second(10), "baseEjectionDuration": second(30), "maxEjectionPercent": 50,
    },
    "tls": {
        "mode": "STRICT",
        "certificate": {"acm": {"certificateArn": "arn:aws:acm:eu-west-1:1:certificate/a"}},
        "validation": TRUST,
    },
}
NODE = {
    "listeners": [LISTENER],
    "backends": [{"virtualService": {"virtualServiceName": "orders.shop", "clientPolicy": CLIENT}}],
    "backendDefaults": {"clientPolicy": CLIENT},
    "serviceDiscovery": {
        "awsCloudMap": {
            "namespaceName": "shop", "serviceName": "api", "attributes": [{"key": "v", "value": "1"}], "ipPreference": "IPv4_ONLY",
        }
    },
    "logging": {"accessLog": {"file": {"path": "/dev/stdout", "format": {"json": [{"key": "m", "value": "%REQ(:METHOD)%"}]}}}},
}
PLAIN = {
    "listeners": [{"portMapping": {"port": 80, "protocol": "http"}}],
    "serviceDiscovery": {"dns": {"hostname": "api.shop", "responseType": "ENDPOINTS", "ipPreference": "IPv4_PREFERRED"}},
}
ROUTE = {
    "priority": 10,
    "httpRoute": {
        "match": {
            "path": {"regex": "/v[0-9]/.*"}, "method": "GET", "scheme": "https", "port": 80,
            "headers": [{"name": "beta", "invert": False, "match": {"range": {"start": 1, "end": 5}}}],
            "queryParameters": [{"name": "q", "match": {"exact": "1"}}],
        },
        "action": {"weightedTargets": [{"virtualNode": "one", "weight": 90, "port": 8080}, {"virtualNode": "two", "weight": 10}]},
        "retryPolicy": {
            "maxRetries": 3, "perRetryTimeout": second(2), "httpRetryEvents": ["server-error"], "tcpRetryEvents": ["connection-error"],
        },
        "timeout": {"idle": second(60), "perRequest": second(15)},
    },
}
GATEWAY = {
    "listeners": [{"portMapping": {"port": 8443, "protocol": "http2"}, "connectionPool": {"http2": {"maxRequests": 9}}}],
    "backendDefaults": {"clientPolicy": CLIENT},
    "logging": {"accessLog": {"file": {"path": "/dev/stdout", "format": {"text": "%PROTOCOL%"}}}},
}
GATEWAY_ROUTE = {
    "priority": 5,
    "http2Route": {
        "match": {"prefix": "/api", "hostname": {"suffix": ".shop"}, "method": "POST"},
        "action": {
            "target": {"virtualService": {"virtualServiceName": "api.shop"}, "port": 80},
            "rewrite": {"prefix": {"value": "/"}, "hostname": {"defaultTargetHostname": "DISABLED"}},
        },
    },
}

of = {"meshName": "shop"}
router = {**of, "virtualRouterName": "api"}
gateway = {**of, "virtualGatewayName": "door"}

made = mesh.create_mesh(
    meshName="shop", spec={"egressFilter": {"type": "DROP_ALL"}, "serviceDiscovery": {"ipPreference": "IPv4_ONLY"}},
    tags=[{"key": "team", "value": "blue"}],
)["mesh"]
check("arn", made["metadata"]["arn"], f"{ARN}/shop")
check("owners", (made["metadata"]["meshOwner"], made["metadata"]["resourceOwner"]), (ACCOUNT, ACCOUNT))
check("version", (made["metadata"]["version"], made["status"]["status"]), (1, "ACTIVE"))
refused("ConflictException", "twice", mesh.create_mesh, meshName="shop")
refused("NotFoundException", "no mesh", mesh.describe_mesh, meshName="none")
refused("NotFoundException", "in no mesh", mesh.create_virtual_node, meshName="none", virtualNodeName="a", spec={})
refused("ForbiddenException", "another's mesh", mesh.describe_virtual_node, meshName="shop", meshOwner="111122223333", virtualNodeName="a")

one = mesh.create_virtual_node(**of, virtualNodeName="one", spec=NODE, clientToken="t")["virtualNode"]
check("node", one["spec"], NODE)
again = mesh.create_virtual_node(**of, virtualNodeName="one", spec=NODE, clientToken="t")["virtualNode"]
check("one token, one node", again["metadata"]["uid"], one["metadata"]["uid"])
mesh.create_virtual_node(**of, virtualNodeName="two", spec=PLAIN)
check("node as read", mesh.describe_virtual_node(**of, virtualNodeName="one")["virtualNode"]["spec"], NODE)
mesh.create_virtual_router(**router, spec={"listeners": [{"portMapping": {"port": 80, "protocol": "http"}}]})
refused("NotFoundException", "no provider", mesh.create_virtual_service, **of, virtualServiceName="x",
        spec={"provider": {"virtualRouter": {"virtualRouterName": "none"}}})
service = mesh.create_virtual_service(**of, virtualServiceName="api.shop",
                                      spec={"provider": {"virtualRouter": {"virtualRouterName": "api"}}})["virtualService"]
check("service", service["spec"], {"provider": {"virtualRouter": {"virtualRouterName": "api"}}})
route = mesh.create_route(**router, routeName="all", spec=ROUTE)["route"]
check("route", (route["spec"], route["virtualRouterName"]), (ROUTE, "api"))
check("route's arn", route["metadata"]["arn"], f"{ARN}/shop/virtualRouter/api/route/all")
check("gateway", mesh.create_virtual_gateway(**gateway, spec=GATEWAY)["virtualGateway"]["spec"], GATEWAY)
made = mesh.create_gateway_route(**gateway, gatewayRouteName="in", spec=GATEWAY_ROUTE)["gatewayRoute"]
check("gateway route", made["spec"], GATEWAY_ROUTE)


def weights(*pairs):
    targets = [{"virtualNode": name, "weight": weight} for name, weight in pairs]
    return {"httpRoute": {"match": {"prefix": "/"}, "action": {"weightedTargets": targets}}}


moved = mesh.update_route(**router, routeName="all", spec=weights(("one", 0), ("two", 100)))["route"]
check("moved", (moved["spec"], moved["metadata"]["version"]), (weights(("one", 0), ("two", 100)), 2))
same = mesh.update_route(**router, routeName="all", spec=weights(("one", 0), ("two", 100)))["route"]
check("nothing moved", same["metadata"]["version"], 2)
bad = "BadRequestException"
refused(bad, "weights of nothing", mesh.update_route, **router, routeName="all", spec=weights(("one", 0)))
refused(bad, "too heavy", mesh.update_route, **router, routeName="all", spec=weights(("one", 101)))
refused("NotFoundException", "no node", mesh.update_route, **router, routeName="all", spec=weights(("none", 1)))
refused(bad, "no route", mesh.update_route, **router, routeName="all", spec={})
tcp = {"tcpRoute": {"action": {"weightedTargets": [{"virtualNode": "one", "weight": 1}]}}}
refused(bad, "another protocol", mesh.update_route, **router, routeName="all", spec=tcp)
refused(bad, "timeout of another protocol", mesh.update_virtual_node, **of, virtualNodeName="two",
        spec={**PLAIN, "listeners": [{**PLAIN["listeners"][0], "timeout": {"tcp": {"idle": second(1)}}}]})

for what, call, arguments in [
    ("mesh", mesh.delete_mesh, of),
    ("node of a route", mesh.delete_virtual_node, {**of, "virtualNodeName": "two"}),
    ("router of a service", mesh.delete_virtual_router, router),
    ("service of a gateway route", mesh.delete_virtual_service, {**of, "virtualServiceName": "api.shop"}),
    ("gateway with a route", mesh.delete_virtual_gateway, gateway),
]:
    refused("ResourceInUseException", what, call, **arguments)

check("meshes", [one["meshName"] for one in mesh.list_meshes()["meshes"]], ["shop"])
pages = list(mesh.get_paginator("list_virtual_nodes").paginate(**of, PaginationConfig={"PageSize": 1}))
check("nodes", [one["virtualNodeName"] for page in pages for one in page["virtualNodes"]], ["one", "two"])
check("routes", [one["routeName"] for one in mesh.list_routes(**router)["routes"]], ["all"])
check("routers", [one["virtualRouterName"] for one in mesh.list_virtual_routers(**of)["virtualRouters"]], ["api"])
check("gateway routes", [one["gatewayRouteName"] for one in mesh.list_gateway_routes(**gateway)["gatewayRoutes"]], ["in"])
check("services", [one["virtualServiceName"] for one in mesh.list_virtual_services(**of)["virtualServices"]], ["api.shop"])
check("gateways", [one["virtualGatewayName"] for one in mesh.list_virtual_gateways(**of)["virtualGateways"]], ["door"])

arn = f"{ARN}/shop"
mesh.tag_resource(resourceArn=arn, tags=[{"key": "cost", "value": "1"}])
mesh.untag_resource(resourceArn=arn, tagKeys=["team"])
check("tags", mesh.list_tags_for_resource(resourceArn=arn)["tags"], [{"key": "cost", "value": "1"}])
found = client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "cost"}])["ResourceTagMappingList"]
check("bulk tags", [one["ResourceARN"] for one in found], [arn])

check("gone", mesh.delete_gateway_route(**gateway, gatewayRouteName="in")["gatewayRoute"]["status"]["status"], "DELETED")
mesh.delete_virtual_gateway(**gateway)
mesh.delete_route(**router, routeName="all")
mesh.delete_virtual_service(**of, virtualServiceName="api.shop")
mesh.delete_virtual_router(**router)
for node in ["one", "two"]:
    mesh.delete_virtual_node(**of, virtualNodeName=node)
mesh.delete_mesh(**of)
refused("NotFoundException", "gone", mesh.describe_mesh, **of)
summary("appmesh")
