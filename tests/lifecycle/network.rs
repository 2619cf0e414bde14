//! Examples of EC2's kinds, and the networks that other kinds need.

use serde_json::json;
use shipit::engine::{Handle, Input};
use shipit::resources::ec2::route_table::{Route, RouteTarget};
use shipit::resources::ec2::security_group_rule::{Direction, Peer};
use shipit::resources::ec2::{
    EgressOnlyInternetGateway, ElasticIp, FlowLog, FlowLogDestination, InternetGateway, NatGateway,
    RouteTable, SecurityGroup, SecurityGroupRule, Subnet, Vpc, VpcEndpoint, ZoneAddresses,
};

use super::example::{Edit, Example, Graph, edit, retag, tags};

impl Graph {
    pub(super) fn vpc(&mut self, name: &str) -> Handle<Vpc> {
        let vpc = Vpc {
            cidr: "10.0.0.0/16".to_owned(),
            tenancy: "default".to_owned(),
            dns_support: true,
            dns_hostnames: true,
            ipv6: false,
            tags: tags(),
        };
        self.add(name, &vpc)
    }

    /// `a`, `b` and so on, in the zone of that letter.
    pub(super) fn subnet(&mut self, letter: char) -> Handle<Subnet> {
        let subnet = Subnet {
            vpc: self.vpc("main").id(),
            cidr: format!("10.0.{}.0/24", u32::from(letter) - u32::from('a')),
            zone: format!("eu-west-1{letter}"),
            map_public_ip: false,
            ipv6: None,
            assign_ipv6: false,
            dns64: false,
            tags: tags(),
        };
        self.add(&letter.to_string(), &subnet)
    }

    pub(super) fn gateway(&mut self) -> Handle<InternetGateway> {
        let gateway = InternetGateway { vpc: Some(self.vpc("main").id()), tags: tags() };
        self.add("main", &gateway)
    }

    /// Subnets `a` and `b` with a way to the internet.
    pub(super) fn public(&mut self) -> [Handle<Subnet>; 2] {
        let subnets = [self.subnet('a'), self.subnet('b')];
        let table = RouteTable {
            vpc: self.vpc("main").id(),
            routes: vec![Route {
                destination: "0.0.0.0/0".to_owned(),
                target: RouteTarget::InternetGateway(self.gateway().id()),
            }],
            subnets: subnets.iter().map(|subnet| subnet.id()).collect(),
            tags: tags(),
        };
        self.add("public", &table);
        subnets
    }

    pub(super) fn address(&mut self, name: &str) -> Handle<ElasticIp> {
        self.add(name, &ElasticIp { pool: "amazon".to_owned(), tags: tags() })
    }

    fn nat(&mut self) -> Handle<NatGateway> {
        let subnet = self.public()[0].id();
        let nat = NatGateway::zonal(subnet, self.address("nat").allocation(), tags());
        self.add("main", &nat)
    }

    pub(super) fn egress_gateway(&mut self) -> Handle<EgressOnlyInternetGateway> {
        let gateway = EgressOnlyInternetGateway { vpc: self.vpc("main").id(), tags: tags() };
        self.add("main", &gateway)
    }

    /// Subnet `c`, whose way out is the NAT gateway.
    pub(super) fn private(&mut self) -> Handle<Subnet> {
        let subnet = self.subnet('c');
        let table = RouteTable {
            vpc: self.vpc("main").id(),
            routes: vec![Route {
                destination: "0.0.0.0/0".to_owned(),
                target: RouteTarget::NatGateway(self.nat().id()),
            }],
            subnets: vec![subnet.id()],
            tags: tags(),
        };
        self.add("private", &table);
        subnet
    }

    pub(super) fn group(&mut self, name: &str) -> Handle<SecurityGroup> {
        let group = SecurityGroup {
            vpc: self.vpc("main").id(),
            description: format!("what runs in {name}"),
            default_egress: true,
            tags: tags(),
        };
        self.add(name, &group)
    }
}

pub(super) fn vpc() -> Example {
    let mut graph = Graph::default();
    let vpc = graph.vpc("main");
    graph.example(
        &vpc,
        vec![
            edit("ipv6", json!(true)),
            edit("dns_hostnames", json!(false)),
            edit("dns_support", json!(false)).with("dns_hostnames", json!(false)),
            retag(),
            edit("tags", json!({})),
            edit("cidr", json!("10.1.0.0/16")),
            edit("tenancy", json!("dedicated")),
        ],
    )
}

pub(super) fn subnet() -> Example {
    let mut graph = Graph::default();
    let vpc = Vpc {
        cidr: "10.0.0.0/16".to_owned(),
        tenancy: "default".to_owned(),
        dns_support: true,
        dns_hostnames: true,
        ipv6: true,
        tags: tags(),
    };
    let vpc = graph.add("main", &vpc).id().when_ready();
    let subnet = Subnet {
        vpc,
        cidr: "10.0.0.0/24".to_owned(),
        zone: "eu-west-1a".to_owned(),
        map_public_ip: false,
        ipv6: Some(3),
        assign_ipv6: true,
        dns64: false,
        tags: tags(),
    };
    let subnet = graph.add("a", &subnet);
    let other = graph.vpc("other");
    graph.example(
        &subnet,
        vec![
            edit("map_public_ip", json!(true)),
            edit("ipv6", json!(200)),
            edit("ipv6", json!(null)).with("assign_ipv6", json!(false)),
            edit("assign_ipv6", json!(false)),
            edit("dns64", json!(true)),
            retag(),
            edit("vpc", json!(other.id()))
                .with("ipv6", json!(null))
                .with("assign_ipv6", json!(false)),
            edit("cidr", json!("10.0.7.0/24")),
            edit("zone", json!("eu-west-1b")),
        ],
    )
}

pub(super) fn internet_gateway() -> Example {
    let mut graph = Graph::default();
    let gateway = graph.gateway();
    let other = graph.vpc("other");
    graph.example(&gateway, vec![edit("vpc", json!(other.id())), edit("vpc", json!(null)), retag()])
}

pub(super) fn route_table() -> Example {
    let mut graph = Graph::default();
    let (nat, gateway) = (graph.nat(), graph.gateway());
    let (c, d) = (graph.subnet('c'), {
        let subnet = Subnet {
            vpc: graph.vpc("main").id(),
            cidr: "10.0.9.0/24".to_owned(),
            zone: "eu-west-1a".to_owned(),
            map_public_ip: false,
            ipv6: None,
            assign_ipv6: false,
            dns64: false,
            tags: tags(),
        };
        graph.add("d", &subnet)
    });
    let other = graph.vpc("other");
    let route = |destination: &str, target| Route { destination: destination.to_owned(), target };
    let table = RouteTable {
        vpc: graph.vpc("main").id(),
        routes: vec![
            route("0.0.0.0/0", RouteTarget::NatGateway(nat.id().when_ready())),
            route("192.168.0.0/16", RouteTarget::NatGateway(nat.id().when_ready())),
        ],
        subnets: vec![c.id()],
        tags: tags(),
    };
    let handle = graph.add("private", &table);
    let egress = graph.egress_gateway();
    let straight = [route("0.0.0.0/0", RouteTarget::InternetGateway(gateway.id()))];
    let six = [route("::/0", RouteTarget::EgressOnlyInternetGateway(egress.id()))];
    graph.example(
        &handle,
        vec![
            edit("routes", json!(straight)),
            edit("routes", json!(six)),
            edit("routes", json!([])),
            edit("subnets", json!([d.id()])),
            edit("subnets", json!([c.id(), d.id()])),
            edit("subnets", json!([])),
            retag(),
            edit("vpc", json!(other.id())).with("routes", json!([])).with("subnets", json!([])),
        ],
    )
}

pub(super) fn elastic_ip() -> Example {
    let mut graph = Graph::default();
    let address = graph.address("nat");
    let edits = vec![retag()];
    Example {
        fixed: &[("pool", "another pool is one that was brought to AWS by hand")],
        ..graph.example(&address, edits)
    }
}

pub(super) fn nat_gateway() -> Example {
    let mut graph = Graph::default();
    let nat = graph.nat();
    let [_, b] = graph.public();
    let other = graph.address("other");
    graph.example(
        &nat,
        vec![
            retag(),
            edit("subnet", json!(b.id())),
            edit("connectivity", json!("private")).with("allocation", json!(null)),
            edit("allocation", json!(other.allocation())),
        ],
    )
}

/// A gateway of the whole VPC with addresses of one's own; the edits turn it into the one above.
pub(super) fn regional_nat_gateway() -> Example {
    let mut graph = Graph::default();
    let [a, _] = graph.public();
    let (one, two) = (graph.address("one"), graph.address("two"));
    let other = graph.vpc("other");
    let gateway = InternetGateway { vpc: Some(other.id()), tags: tags() };
    graph.add("other", &gateway);
    let zone = |zone: &str, address: &Handle<ElasticIp>| ZoneAddresses {
        zone: zone.to_owned(),
        allocations: vec![address.allocation()],
    };
    let nat = NatGateway {
        zones: vec![zone("eu-west-1a", &one)],
        ..NatGateway::regional(graph.vpc("main").id(), tags())
    };
    let handle = graph.add("main", &nat);
    graph.example(
        &handle,
        vec![
            retag(),
            edit("vpc", json!(other.id())),
            edit("zones", json!([])),
            edit("zones", json!([zone("eu-west-1a", &one), zone("eu-west-1b", &two)])),
            edit("mode", json!("zonal"))
                .with("zones", json!([]))
                .with("vpc", json!(null))
                .with("subnet", json!(a.id()))
                .with("allocation", json!(two.allocation())),
        ],
    )
}

pub(super) fn egress_only_internet_gateway() -> Example {
    let mut graph = Graph::default();
    let gateway = graph.egress_gateway();
    let other = graph.vpc("other");
    graph.example(&gateway, vec![retag(), edit("vpc", json!(other.id()))])
}

pub(super) fn vpc_endpoint() -> Example {
    let mut graph = Graph::default();
    let subnets = [graph.subnet('a'), graph.subnet('b')];
    let (group, other) = (graph.group("endpoints"), graph.group("others"));
    let table =
        RouteTable { vpc: graph.vpc("main").id(), routes: vec![], subnets: vec![], tags: tags() };
    let table = graph.add("private", &table);
    let vpc = graph.vpc("main").id();
    let endpoint = VpcEndpoint {
        tags: tags(),
        ..VpcEndpoint::interface(
            vpc,
            "com.amazonaws.eu-west-1.logs",
            vec![subnets[0].id()],
            vec![group.id()],
        )
    };
    let handle = graph.add("logs", &endpoint);
    let statement =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*" });
    let elsewhere = graph.vpc("other");
    let theirs = SecurityGroup {
        vpc: elsewhere.id(),
        description: "of the other VPC".to_owned(),
        default_egress: true,
        tags: tags(),
    };
    let theirs = graph.add("theirs", &theirs);
    let gateway = edit("endpoint_type", json!("gateway"))
        .with("service", json!("com.amazonaws.eu-west-1.s3"))
        .with("route_tables", json!([table.id()]))
        .with("subnets", json!([]))
        .with("security_groups", json!([]))
        .with("private_dns", json!(false));
    graph
        .example(
            &handle,
            vec![
                edit("subnets", json!([subnets[0].id(), subnets[1].id()])),
                edit("subnets", json!([subnets[1].id()])),
                edit("security_groups", json!([group.id(), other.id()])),
                edit("security_groups", json!([other.id()])),
                edit("private_dns", json!(false)),
                edit("dns_record_ip_type", json!("service-defined")),
                edit("policy", json!({ "Version": "2012-10-17", "Statement": [statement] })),
                edit("service", json!("com.amazonaws.eu-west-1.ssm")),
                edit("vpc", json!(elsewhere.id()))
                    .with("subnets", json!([]))
                    .with("private_dns", json!(false))
                    .with("security_groups", json!([theirs.id()])),
                gateway,
                edit("route_tables", json!([table.id()]))
                    .with("endpoint_type", json!("gateway"))
                    .with("service", json!("com.amazonaws.eu-west-1.dynamodb"))
                    .with("subnets", json!([]))
                    .with("security_groups", json!([]))
                    .with("private_dns", json!(false)),
                retag(),
            ],
        )
        .fixed(&[("ip_address_type", "another one needs subnets with IPv6 blocks")])
}

pub(super) fn gateway_endpoint() -> Example {
    let mut graph = Graph::default();
    let vpc = graph.vpc("main").id();
    let mut table = |name: &str| {
        let table = RouteTable { vpc: vpc.clone(), routes: vec![], subnets: vec![], tags: tags() };
        graph.add(name, &table).id()
    };
    let (one, two) = (table("one"), table("two"));
    let endpoint = VpcEndpoint {
        tags: tags(),
        ..VpcEndpoint::gateway(vpc, "com.amazonaws.eu-west-1.s3", vec![one.clone()])
    };
    let handle = graph.add("s3", &endpoint);
    graph
        .example(
            &handle,
            vec![
                edit("route_tables", json!([one, two])),
                edit("route_tables", json!([two])),
                edit("route_tables", json!([])),
                edit("service", json!("com.amazonaws.eu-west-1.dynamodb")),
                retag(),
            ],
        )
        .fixed(&[
            ("vpc", "as of interfaces"),
            ("endpoint_type", "as of interfaces"),
            ("policy", "as of interfaces"),
            ("subnets", "of interfaces only"),
            ("security_groups", "of interfaces only"),
            ("private_dns", "of interfaces only"),
            ("ip_address_type", "of interfaces only"),
            ("dns_record_ip_type", "of interfaces only"),
        ])
}

pub(super) fn flow_log() -> Example {
    let mut graph = Graph::default();
    let (group, other) = (graph.log_group("flow-logs"), graph.log_group("others"));
    let role = graph.role("flow-logs");
    let log = FlowLog {
        vpc: graph.vpc("main").id(),
        traffic: "ALL".to_owned(),
        destination: FlowLogDestination::LogGroup { name: group.name(), role: role.arn() },
        interval: 60,
        format: None,
        tags: tags(),
    };
    let handle = graph.add("main", &log);
    let elsewhere = graph.vpc("other");
    let to = |name| FlowLogDestination::LogGroup { name, role: role.arn() };
    let bucket = FlowLogDestination::Bucket {
        arn: "arn:aws:s3:::flows".to_owned().into(),
        file_format: "parquet".to_owned(),
        hive_compatible: false,
        per_hour: true,
    };
    graph.example(
        &handle,
        vec![
            edit("vpc", json!(elsewhere.id())),
            edit("traffic", json!("REJECT")),
            edit("destination", json!(to(other.name()))),
            edit("destination", json!(bucket)),
            edit("interval", json!(600)),
            edit("format", json!("${srcaddr} ${dstaddr}")),
            retag(),
        ],
    )
}

pub(super) fn security_group() -> Example {
    let mut graph = Graph::default();
    let group = graph.group("web");
    let other = graph.vpc("other");
    graph.example(
        &group,
        vec![
            edit("default_egress", json!(false)),
            retag(),
            edit("description", json!("something else")),
            edit("vpc", json!(other.id())),
        ],
    )
}

pub(super) fn security_group_rule() -> Example {
    let mut graph = Graph::default();
    let rule = SecurityGroupRule {
        group: graph.group("web").id(),
        direction: Direction::Ingress,
        protocol: "tcp".to_owned(),
        from_port: 80,
        to_port: 90,
        peer: Peer::block("192.0.2.0/24").unwrap(),
        description: "clients".to_owned(),
        tags: tags(),
    };
    let handle = graph.add("web-clients", &rule);
    let other = graph.group("other");
    let peers: Vec<Edit> = [
        Peer::Cidr("198.51.100.0/24".to_owned()),
        Peer::CidrV6("2001:db8::/32".to_owned()),
        Peer::Group(other.id()),
    ]
    .iter()
    .map(|peer| edit("peer", json!(peer)))
    .collect();
    let mut edits = vec![
        edit("protocol", json!("udp")),
        edit("protocol", json!("-1")).with("from_port", json!(-1)).with("to_port", json!(-1)),
        edit("from_port", json!(70)),
        edit("to_port", json!(99)),
        edit("description", json!("others")),
        edit("description", json!("")),
        retag(),
        edit("group", json!(other.id())),
        edit("direction", json!("egress")),
    ];
    edits.extend(peers);
    graph.example(&handle, edits)
}

/// The reference as a known-or-not text, for fields that take any.
pub(super) fn text<T>(input: Input<T>) -> Input<String> {
    match input {
        Input::Output(from) => Input::Output(from),
        Input::Known(_) => unreachable!("handles give references"),
    }
}
