//! Examples of EC2's kinds, and the networks that other kinds need.

use serde_json::json;
use shipit::engine::{Handle, Input};
use shipit::resources::ec2::route_table::{Route, RouteTarget};
use shipit::resources::ec2::security_group_rule::{Direction, Peer};
use shipit::resources::ec2::{
    ElasticIp, InternetGateway, NatGateway, RouteTable, SecurityGroup, SecurityGroupRule, Subnet,
    Vpc,
};

use super::example::{Edit, Example, Graph, edit, retag, tags};

impl Graph {
    pub(super) fn vpc(&mut self, name: &str) -> Handle<Vpc> {
        let vpc = Vpc {
            cidr: "10.0.0.0/16".to_owned(),
            tenancy: "default".to_owned(),
            dns_support: true,
            dns_hostnames: true,
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
        let nat = NatGateway {
            subnet: self.public()[0].id(),
            connectivity: "public".to_owned(),
            allocation: Some(self.address("nat").allocation()),
            tags: tags(),
        };
        self.add("main", &nat)
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
    let subnet = graph.subnet('a');
    let other = graph.vpc("other");
    graph.example(
        &subnet,
        vec![
            edit("map_public_ip", json!(true)),
            retag(),
            edit("vpc", json!(other.id())),
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
    let straight = [route("0.0.0.0/0", RouteTarget::InternetGateway(gateway.id()))];
    graph.example(
        &handle,
        vec![
            edit("routes", json!(straight)),
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
