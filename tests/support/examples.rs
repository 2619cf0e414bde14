//! Every example application under `manifests/`, with one change and what a plan then shows.

/// An example application in one of its environments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    /// Its folder under `manifests/`.
    pub(crate) folder: &'static str,
    /// One of its environments.
    pub(crate) environment: &'static str,
    /// Where that is.
    pub(crate) region: &'static str,
    /// Edits of files, made together: file, text, replacement.
    pub(crate) edits: &'static [(&'static str, &'static str, &'static str)],
    /// The steps of the plan after them, as `action address: changed fields`.
    pub(crate) steps: &'static [&'static str],
}

/// One row for each environment of each folder.
pub(crate) const ALL: &[Example] = &[
    Example {
        folder: "anywhere",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/till.yml", "host_port: 8080", "host_port: 8081"),
            ("shipit/services/till.yml", "place == shop", "place in [shop, market]"),
        ],
        steps: &[
            "revise ecs/task-definition.till: containers.till.port_mappings[0] containers.till.port_mappings[0]",
            "update ecs/service.till: placement_constraints[0] placement_constraints[0] task_definition",
        ],
    },
    Example {
        folder: "both",
        environment: "test",
        region: "eu-west-1",
        edits: &[("shipit/services/shop.yml", "nginx:1.27", "nginx:1.28")],
        steps: &[
            "revise ecs/task-definition.shop: containers.shop.image",
            "update ecs/service.shop: task_definition",
        ],
    },
    Example {
        folder: "patterns",
        environment: "test",
        region: "eu-west-1",
        edits: &[("shipit/services/legacy.yml", "apache-exporter:1.0.9", "apache-exporter:1.0.10")],
        steps: &[
            "revise ecs/task-definition.legacy: containers.metrics.image",
            "update ecs/service.legacy: task_definition",
        ],
    },
    Example {
        folder: "built",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("web/index.html", "Hello from", "Greetings from"),
            ("shipit/jobs/report.yml", "PYTHON: \"3.13\"", "PYTHON: \"3.14\""),
        ],
        steps: &[
            "create ecr/image.report",
            "create ecr/image.web",
            "revise ecs/task-definition.report: containers.report.image",
            "revise ecs/task-definition.web: containers.web.image",
            "update scheduler/schedule.report: run.task_definition",
            "update ecs/service.web: task_definition",
        ],
    },
    Example {
        folder: "canary",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/web.yml", "percent: 10", "percent: 20"),
            ("shipit/services/shop.yml", "httpd:2.4", "httpd:2.4.65"),
        ],
        steps: &[
            "revise ecs/task-definition.shop: containers.shop.image",
            "update ecs/service.shop: task_definition",
            "update ecs/service.web: deployment.canary.percent",
        ],
    },
    Example {
        folder: "domains",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/site.yml", "    - fr.example.com\n", "    - it.example.com\n"),
            (
                "shipit/services/stream.yml",
                "deregistration_delay: 30s",
                "deregistration_delay: 60s",
            ),
        ],
        steps: &[
            "replace acm/certificate.site: names",
            "replace elbv2/listener-certificate.site: certificate",
            "update elbv2/listener-rule.site/hosts-2/http: conditions.host_headers",
            "update elbv2/listener-rule.site/redirect-2/hosts-2: conditions.host_headers",
            "update elbv2/listener-rule.site/redirect-2/hosts-2/http: conditions.host_headers",
            "update elbv2/listener-rule.site/hosts-2: conditions.host_headers",
            "update elbv2/target-group.stream/nlb: attributes.deregistration_delay",
            "create route53/record.it.example.com",
            "delete elbv2/listener-certificate.site",
            "delete acm/certificate.site",
            "delete route53/record.fr.example.com",
        ],
    },
    Example {
        folder: "dual-stack",
        environment: "test",
        region: "eu-west-1",
        edits: &[("shipit/environments/test.yml", "nat: regional", "nat: single")],
        steps: &[
            "create ec2/elastic-ip.nat-1",
            "create ec2/nat-gateway.nat-1",
            "update ec2/route-table.private-1: routes[0] routes[0]",
            "update ec2/route-table.private-2: routes[0] routes[0]",
            "update ec2/route-table.private-3: routes[0] routes[0]",
            "delete ec2/nat-gateway.nat",
        ],
    },
    Example {
        folder: "files",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("config/gallery.env", "info", "debug"),
            ("shipit/services/index.yml", "throughput: 250", "throughput: 300"),
        ],
        steps: &[
            "revise ecs/task-definition.gallery: containers.gallery.environment.LOG_LEVEL",
            "update ecs/service.gallery: task_definition",
            "update ecs/service.index: volumes.index.throughput",
        ],
    },
    Example {
        folder: "hello",
        environment: "test",
        region: "eu-west-1",
        edits: &[("shipit/services/web.yml", "nginx:1.27", "nginx:1.28")],
        steps: &[
            "revise ecs/task-definition.web: containers.web.image",
            "update ecs/service.web: task_definition",
        ],
    },
    Example {
        folder: "imported-balancer",
        environment: "office",
        region: "eu-west-1",
        edits: &[("shipit/services/wiki.yml", "path: /wiki", "path: /pages")],
        steps: &[
            "update elbv2/listener-rule.wiki/http: conditions.path_patterns",
            "update elbv2/listener-rule.wiki: conditions.path_patterns",
        ],
    },
    Example {
        folder: "imported-vpc",
        environment: "office",
        region: "us-east-1",
        edits: &[("shipit/services/wiki.yml", "192.168.0.0/16", "192.168.0.0/17")],
        steps: &["update elbv2/listener-rule.wiki: conditions.source_ips"],
    },
    Example {
        folder: "instances",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/environments/test.yml", "max: 4", "max: 5"),
            ("shipit/environments/test.yml", "disk: 100", "disk: 120"),
            ("shipit/services/api.yml", "    - distinct_instance\n", ""),
        ],
        steps: &[
            "update autoscaling/group.general: max",
            "update ec2/launch-template.graphics: disks[0] disks[0]",
            "update ecs/service.api: placement_constraints[0]",
        ],
    },
    Example {
        folder: "kubernetes-auto",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/environments/test.yml", "203.0.113.0/24", "198.51.100.0/24"),
            ("shipit/environments/test.yml", "[audit, authenticator]", "all"),
            ("shipit/environments/test.yml", "AmazonS3ReadOnlyAccess", "AmazonS3FullAccess"),
            (
                "shipit/environments/test.yml",
                "[AmazonEKSClusterAdminPolicy]",
                "[AmazonEKSAdminPolicy]",
            ),
        ],
        steps: &[
            "update eks/cluster.main: endpoint.public_cidrs logging",
            "update eks/access-entry.admins: policies.arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy policies.arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy",
            "update iam/role.pods/photos: managed_policies",
        ],
    },
    Example {
        folder: "kubernetes-fargate",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/environments/test.yml", "books-*", "accounts-*"),
            ("shipit/environments/test.yml", "zonal_shift: true", "tier: xl"),
        ],
        steps: &[
            "update eks/cluster.main: tier zonal_shift",
            "replace eks/fargate-profile.ledger: selectors[1] selectors[1]",
            "delete eks/fargate-profile.ledger",
        ],
    },
    Example {
        folder: "kubernetes-nodes",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/environments/test.yml", "\"1.35\"", "\"1.36\""),
            ("shipit/environments/test.yml", "max: 6", "max: 8"),
            ("shipit/environments/test.yml", "disk: 100", "disk: 120"),
            (
                "shipit/environments/test.yml",
                "ENABLE_PREFIX_DELEGATION: \"true\"",
                "ENABLE_PREFIX_DELEGATION: \"false\"",
            ),
            ("shipit/environments/test.yml", "[render, batch]", "[render]"),
            ("shipit/environments/test.yml", "[operators]", "[watchers]"),
        ],
        steps: &[
            "update eks/cluster.main: version",
            "update eks/access-entry.admins: kubernetes_groups policies.arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
            "update eks/addon.kube-proxy: version",
            "update eks/addon.vpc-cni: configuration.env.ENABLE_PREFIX_DELEGATION",
            "replace eks/nodegroup.batch: disk_size version",
            "update eks/nodegroup.general: scaling.max version",
            "delete eks/nodegroup.batch",
        ],
    },
    Example {
        folder: "managed-instances",
        environment: "test",
        region: "eu-west-1",
        edits: &[("shipit/environments/test.yml", "scale_in_after: 600", "scale_in_after: 300")],
        steps: &["update ecs/capacity-provider.managed: managed.scale_in_after"],
    },
    Example {
        folder: "market",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/cart.yml", "python:3.13-slim", "python:3.14-slim"),
            ("shipit/services/shipping.yml", "goods: [parcel]", "goods: [parcel, letter]"),
        ],
        steps: &[
            "revise ecs/task-definition.cart: containers.cart.image",
            "update ecs/service.cart: task_definition",
            "update sqs/queue.shipping/events: subscriptions.orders/placed.filter.goods",
        ],
    },
    Example {
        folder: "mesh-app-mesh",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/api.yml", "{api: 100, api-next: 0}", "{api: 90, api-next: 10}"),
            ("shipit/services/gateway.yml", "rewrite: {prefix: /}", "rewrite: {prefix: /v1}"),
            ("shipit/services/store.yml", "pending: 50", "pending: 60"),
        ],
        steps: &[
            "update appmesh/virtual-node.store: listeners[0].connection_pool.http.max_pending_requests",
            "update appmesh/route.api/all: http_route.action.weighted_targets[0].weight http_route.action.weighted_targets[1].weight",
            "update appmesh/gateway-route.gateway/1: http_route.action.rewrite.prefix.value",
        ],
    },
    Example {
        folder: "mesh-lattice",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/api.yml", "{api: 100, api-next: 0}", "{api: 90, api-next: 10}"),
            ("shipit/services/store.yml", "{idle: 2m}", "{idle: 3m}"),
        ],
        steps: &[
            "update vpclattice/service.store: idle_timeout",
            "update vpclattice/listener.api: default_action.forward[0].weight default_action.forward[1].weight",
        ],
    },
    Example {
        folder: "mesh-service-connect",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/api.yml", "request: 30s", "request: 20s"),
            ("shipit/environments/test.yml", "10.9.0.5", "10.9.0.6"),
        ],
        steps: &[
            "update ecs/service.api: service_connect.services.web.request_timeout",
            "update servicediscovery/instance.payments/two: attributes.AWS_INSTANCE_IPV4",
        ],
    },
    Example {
        folder: "nightly",
        environment: "test",
        region: "eu-west-1",
        edits: &[("shipit/jobs/report.yml", "30 6 * * 1-5", "45 6 * * 1-5")],
        steps: &["update scheduler/schedule.report: expression"],
    },
    Example {
        folder: "observed",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/api.yml", "hard: 65536", "hard: 32768"),
            ("shipit/services/api.yml", "    value: 150", "    value: 175"),
        ],
        steps: &[
            "revise ecs/task-definition.api: containers.api.ulimits.nofile.hard",
            "update ecs/service.api: deployment.maximum_percent task_definition",
        ],
    },
    Example {
        folder: "orders",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/packing.yml", "tries: 5", "tries: 6"),
            ("shipit/services/packing.yml", "timeout: 2m", "timeout: 3m"),
            ("shipit/services/packing.yml", "[parcel, letter]", "[parcel]"),
            ("shipit/services/billing.yml", "      high_throughput: true\n", ""),
        ],
        steps: &[
            "update sqs/queue.billing/events.fifo: deduplication.scope deduplication.throughput_limit",
            "update sqs/queue.packing/events: dead_letters.tries subscriptions.shop/placed.filter.kind visibility_timeout",
        ],
    },
    Example {
        folder: "private",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/environments/test.yml", "[tasks, dynamodb]", "[tasks, sqs]"),
            ("shipit/environments/test.yml", "retention: 30", "retention: 60"),
        ],
        steps: &[
            "update logs/log-group.flow-logs: retention_days",
            "delete ec2/vpc-endpoint.dynamodb",
            "create ec2/vpc-endpoint.sqs",
        ],
    },
    Example {
        folder: "scaled",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/web.yml", "{from: 6, change: 50}", "{from: 6, change: 60}"),
            ("shipit/services/web.yml", "range: 4-20", "range: 5-20"),
            ("shipit/services/web.yml", "cpu_utilization: 90", "cpu_utilization: 95"),
        ],
        steps: &[
            "update cloudwatch/alarm.web/rollback-cpu: threshold",
            "update application-autoscaling/target.web: schedules.evening.min_capacity steps.rush.step_adjustments[1].scaling_adjustment",
        ],
    },
    Example {
        folder: "shop",
        environment: "production",
        region: "eu-west-1",
        edits: &[("shipit/services/api.yml", "cpu_percentage: 60", "cpu_percentage: 65")],
        steps: &["update application-autoscaling/target.api: policies.cpu.target_value"],
    },
    Example {
        folder: "shop",
        environment: "test",
        region: "eu-central-1",
        edits: &[("shipit/services/web.yml", "LOG_LEVEL: debug", "LOG_LEVEL: trace")],
        steps: &[
            "revise ecs/task-definition.web: containers.web.environment.LOG_LEVEL",
            "update ecs/service.web: task_definition",
        ],
    },
    Example {
        folder: "windows",
        environment: "test",
        region: "eu-west-1",
        edits: &[
            ("shipit/services/site.yml", "cpu: 1024", "cpu: 2048"),
            ("shipit/services/site.yml", "memory: 2048", "memory: 4096"),
            ("shipit/environments/test.yml", "max: 3", "max: 4"),
        ],
        steps: &[
            "update autoscaling/group.windows: max",
            "revise ecs/task-definition.site: cpu memory",
            "update ecs/service.site: task_definition",
        ],
    },
];
