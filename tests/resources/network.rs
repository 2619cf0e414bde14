//! EC2's kinds: a whole network is made, read back, changed field by field, and taken down.

use std::collections::BTreeMap;

use serde_json::json;
use shipit::aws::Cx;
use shipit::engine::{Class, Health, Input, Live as Document, Query, Seen};
use shipit::resources::Resource;
use shipit::resources::ec2::*;
use shipit::resources::resource::Waiting;

use super::{account, create, delete_all, identity, observe, observe_with, specs, updated};

fn tags() -> BTreeMap<String, String> {
    BTreeMap::from([("team".to_owned(), "platform".to_owned())])
}

fn other_tags() -> BTreeMap<String, String> {
    BTreeMap::from([("cost".to_owned(), "42".to_owned())])
}

fn vpc() -> Vpc {
    Vpc {
        cidr: "10.0.0.0/16".into(),
        tenancy: "default".into(),
        dns_support: true,
        dns_hostnames: true,
        ipv6: false,
        tags: tags(),
    }
}

fn subnet(vpc: &VpcId, cidr: &str, zone: &str) -> Subnet {
    Subnet {
        vpc: vpc.clone().into(),
        cidr: cidr.into(),
        zone: zone.into(),
        map_public_ip: true,
        ipv6: None,
        assign_ipv6: false,
        dns64: false,
        tags: tags(),
    }
}

fn group(vpc: &VpcId, default_egress: bool) -> SecurityGroup {
    SecurityGroup {
        vpc: vpc.clone().into(),
        description: "what is inside".into(),
        default_egress,
        tags: tags(),
    }
}

fn rule(group: &SecurityGroupId, direction: Direction, peer: Peer) -> SecurityGroupRule {
    SecurityGroupRule {
        group: group.clone().into(),
        direction,
        protocol: "tcp".into(),
        from_port: 80,
        to_port: 81,
        peer,
        description: "web".into(),
        tags: tags(),
    }
}

fn route(destination: &str, target: RouteTarget) -> Route {
    Route { destination: destination.into(), target }
}

#[tokio::test]
async fn a_vpc_and_its_subnets_change_in_place() {
    let (cx, calls) = account().await;
    let id = create(&cx, "main", &vpc()).await.id;
    assert_eq!(specs::<Vpc>(&cx).await, [vpc()]);
    let quiet = Vpc { dns_support: false, dns_hostnames: false, tags: other_tags(), ..vpc() };
    let paths = ["dns_support", "dns_hostnames", "tags.team", "tags.cost"];
    assert_eq!(updated(&cx, "main", &quiet, &paths).await, quiet);
    assert_eq!(updated(&cx, "main", &vpc(), &paths).await, vpc());

    let wanted = subnet(&id, "10.0.0.0/24", "eu-west-1a");
    create(&cx, "public-a", &wanted).await;
    assert_eq!(specs::<Subnet>(&cx).await, std::slice::from_ref(&wanted));
    let private = Subnet { map_public_ip: false, tags: BTreeMap::new(), ..wanted };
    let paths = ["map_public_ip", "tags"];
    assert_eq!(updated(&cx, "public-a", &private, &paths).await, private);

    let before = calls.calls().len();
    observe::<Vpc>(&cx).await;
    observe::<Subnet>(&cx).await;
    assert_eq!(calls.calls().len() - before, 4);

    let held = Vpc::delete(&cx, &observe(&cx).await[0]).await.unwrap_err();
    assert_eq!(held.class, Class::DependencyStillThere);
    delete_all::<Subnet>(&cx).await.unwrap();
    delete_all::<Vpc>(&cx).await.unwrap();
}

#[tokio::test]
async fn a_half_made_internet_gateway_is_finished_by_an_update() {
    let (cx, _) = account().await;
    let id = create(&cx, "main", &vpc()).await.id;
    let half = InternetGateway { vpc: None, tags: tags() };
    create(&cx, "main", &half).await;
    assert_eq!(specs::<InternetGateway>(&cx).await, std::slice::from_ref(&half));
    let whole = InternetGateway { vpc: Some(id.into()), tags: tags() };
    assert_eq!(updated(&cx, "main", &whole, &["vpc"]).await, whole);
    delete_all::<InternetGateway>(&cx).await.unwrap();
    delete_all::<Vpc>(&cx).await.unwrap();
}

/// A VPC with a gateway, two subnets and a NAT gateway in the first.
async fn network(cx: &Cx) -> (VpcId, InternetGatewayId, [SubnetId; 2], NatGatewayId) {
    let vpc = create(cx, "main", &vpc()).await.id;
    let gateway = InternetGateway { vpc: Some(vpc.clone().into()), tags: tags() };
    let gateway = create(cx, "main", &gateway).await.id;
    let a = create(cx, "a", &subnet(&vpc, "10.0.0.0/24", "eu-west-1a")).await.id;
    let b = create(cx, "b", &subnet(&vpc, "10.0.1.0/24", "eu-west-1b")).await.id;
    let out = route("0.0.0.0/0", RouteTarget::InternetGateway(gateway.clone().into()));
    let public = RouteTable {
        vpc: vpc.clone().into(),
        routes: vec![out],
        subnets: vec![a.clone().into()],
        tags: tags(),
    };
    create(cx, "public", &public).await;
    assert_eq!(specs::<RouteTable>(cx).await, [public]);
    let address = ElasticIp { pool: "amazon".into(), tags: tags() };
    let allocation = create(cx, "nat", &address).await.allocation;
    assert_eq!(specs::<ElasticIp>(cx).await, [address]);
    let nat = NatGateway::zonal(a.clone().into(), allocation.into(), tags());
    let outputs = create(cx, "main", &nat).await;
    let waiting = |deleting| Waiting::<NatGateway> {
        identity: identity::<NatGateway>("main"),
        outputs: outputs.clone(),
        ticket: None,
        deleting,
        last: false,
    };
    let health = NatGateway::look(cx, &[waiting(false), waiting(true)]).await.unwrap();
    assert_eq!(health, [Health::Ready, Health::Ready]);
    assert_eq!(specs::<NatGateway>(cx).await, [nat]);
    (vpc, gateway, [a, b], outputs.id)
}

#[tokio::test]
async fn routes_and_associations_change_in_place_and_what_is_not_ours_stays() {
    let (cx, _) = account().await;
    let (vpc, gateway, [a, b], nat) = network(&cx).await;
    let to_nat = || RouteTarget::NatGateway(nat.clone().into());
    let private = RouteTable {
        vpc: vpc.clone().into(),
        routes: vec![route("0.0.0.0/0", to_nat()), route("192.168.0.0/16", to_nat())],
        subnets: vec![b.clone().into()],
        tags: tags(),
    };
    let id = create(&cx, "private", &private).await.id;
    assert_eq!(specs::<RouteTable>(&cx).await[0], private);

    // One route goes, one leads elsewhere; a subnet moves here from the other table.
    let mut subnets: Vec<Input<SubnetId>> = vec![a.clone().into(), b.clone().into()];
    subnets.sort();
    let changed = RouteTable {
        routes: vec![route("0.0.0.0/0", RouteTarget::InternetGateway(gateway.into()))],
        subnets,
        tags: other_tags(),
        ..private.clone()
    };
    let paths = ["routes[1]", "routes[0].target.nat_gateway", "subnets[0]", "tags"];
    assert_eq!(updated(&cx, "private", &changed, &paths).await, changed);
    assert_eq!(specs::<RouteTable>(&cx).await[1].subnets, []);
    assert_eq!(updated(&cx, "private", &private, &paths).await, private);

    // The VPC's own route is never part of it.
    let tables = cx.ec2.describe_route_tables().route_table_ids(id.as_str()).send().await.unwrap();
    assert_eq!(tables.route_tables()[0].routes().len(), 3);

    delete_all::<RouteTable>(&cx).await.unwrap();
    delete_all::<NatGateway>(&cx).await.unwrap();
    let gone = NatGatewayOutputsOf(nat).waiting();
    assert_eq!(NatGateway::look(&cx, &[gone]).await.unwrap(), [Health::Gone]);
    delete_all::<ElasticIp>(&cx).await.unwrap();
    delete_all::<InternetGateway>(&cx).await.unwrap();
    delete_all::<Subnet>(&cx).await.unwrap();
    delete_all::<Vpc>(&cx).await.unwrap();
}

/// A deleted NAT gateway, as the executor waits for it.
struct NatGatewayOutputsOf(NatGatewayId);

impl NatGatewayOutputsOf {
    fn waiting(self) -> Waiting<NatGateway> {
        Waiting {
            identity: identity::<NatGateway>("main"),
            outputs: nat_gateway::NatGatewayOutputs { id: self.0 },
            ticket: None,
            deleting: true,
            last: false,
        }
    }
}

#[tokio::test]
async fn a_nat_gateway_without_a_way_out_fails_with_what_aws_says() {
    let (cx, _) = account().await;
    let vpc = create(&cx, "main", &vpc()).await.id;
    let subnet = create(&cx, "a", &subnet(&vpc, "10.0.0.0/24", "eu-west-1a")).await.id;
    let address = ElasticIp { pool: "amazon".into(), tags: tags() };
    let allocation = create(&cx, "nat", &address).await.allocation;
    let nat = NatGateway::zonal(subnet.into(), allocation.into(), tags());
    create(&cx, "main", &nat).await;
    let live = observe::<NatGateway>(&cx).await;
    let Health::Failed(why) = &live[0].health else { panic!("{:?}", live[0].health) };
    assert!(why.contains("has no Internet gateway attached"), "{why}");
}

#[tokio::test]
async fn a_group_and_rules_that_name_each_other() {
    let (cx, _) = account().await;
    let vpc = create(&cx, "main", &vpc()).await.id;
    let open = create(&cx, "open", &group(&vpc, true)).await.id;
    let closed = create(&cx, "closed", &group(&vpc, false)).await.id;
    assert_eq!(specs::<SecurityGroup>(&cx).await, [group(&vpc, false), group(&vpc, true)]);
    for (egress, paths) in [(false, ["default_egress", "tags"]), (true, ["default_egress", "tags"])]
    {
        let wanted = SecurityGroup { tags: other_tags(), ..group(&vpc, egress) };
        assert_eq!(updated(&cx, "open", &wanted, &paths).await, wanted);
    }

    let block = Peer::block("10.1.2.3/8").unwrap();
    assert_eq!(block, Peer::Cidr("10.0.0.0/8".into()));
    let rules = [
        rule(&open, Direction::Ingress, block),
        rule(&open, Direction::Ingress, Peer::Group(closed.clone().into())),
        rule(&open, Direction::Ingress, Peer::block("2001:DB8::/32").unwrap()),
        SecurityGroupRule {
            protocol: "-1".into(),
            from_port: -1,
            to_port: -1,
            description: String::new(),
            tags: BTreeMap::new(),
            ..rule(&closed, Direction::Egress, Peer::Group(open.clone().into()))
        },
    ];
    for (index, rule) in rules.iter().enumerate() {
        create(&cx, &index.to_string(), rule).await;
    }
    assert_eq!(specs::<SecurityGroupRule>(&cx).await, rules);
    let changed = SecurityGroupRule {
        protocol: "udp".into(),
        from_port: 53,
        to_port: 53,
        description: "names".into(),
        tags: other_tags(),
        ..rules[1].clone()
    };
    let paths = ["protocol", "from_port", "to_port", "description", "tags"];
    assert_eq!(updated(&cx, "1", &changed, &paths).await, changed);
    let silent = SecurityGroupRule { description: String::new(), ..changed };
    assert_eq!(updated(&cx, "1", &silent, &["description"]).await, silent);

    let twice = rules[0].create(&cx, &identity::<SecurityGroupRule>("twice")).await.unwrap_err();
    assert_eq!(twice.class, Class::AlreadyExists);

    delete_all::<SecurityGroupRule>(&cx).await.unwrap();
    delete_all::<SecurityGroup>(&cx).await.unwrap();
    delete_all::<Vpc>(&cx).await.unwrap();
}

#[tokio::test]
async fn a_rule_of_ours_that_lets_everything_out_is_not_the_groups_own() {
    let (cx, _) = account().await;
    let vpc = create(&cx, "main", &vpc()).await.id;
    let id = create(&cx, "closed", &group(&vpc, false)).await.id;
    let everything = SecurityGroupRule {
        protocol: "-1".into(),
        from_port: -1,
        to_port: -1,
        ..rule(&id, Direction::Egress, Peer::block("0.0.0.0/0").unwrap())
    };
    create(&cx, "out", &everything).await;
    let seen = documents::<SecurityGroupRule>(&cx).await;
    assert_eq!(observe_with::<SecurityGroup>(&cx, &seen).await[0].spec, group(&vpc, false));
    assert_eq!(observe::<SecurityGroup>(&cx).await[0].spec, group(&vpc, true));
}

#[tokio::test]
async fn a_group_of_our_name_without_our_tags_is_foreign() {
    let (cx, calls) = account().await;
    let vpc = create(&cx, "main", &vpc()).await.id;
    let call = cx.ec2.create_security_group().group_name("demo-test-web").description("theirs");
    let theirs = call.vpc_id(vpc.as_str()).send().await.unwrap();
    create(&cx, "api", &group(&vpc, true)).await;
    let seen = documents::<Vpc>(&cx).await;
    let wanted = [identity::<SecurityGroup>("api"), identity::<SecurityGroup>("web")];
    let document = serde_json::json!({ "vpc": vpc.as_str() });
    let documents = wanted.iter().map(|one| (one.address.clone(), document.clone())).collect();
    let query = |wanted| Query {
        application: "demo",
        environment: "test",
        wanted,
        documents: &documents,
        seen: &seen,
    };
    let found = SecurityGroup::observe(&cx, &query(&wanted)).await.unwrap();
    let [foreign] = &found.foreign[..] else { panic!("{:?}", found.foreign) };
    assert_eq!(
        (foreign.address.to_string().as_str(), Some(foreign.id.as_str()), foreign.owner.as_str()),
        ("ec2/security-group.web", theirs.group_id(), "no shipit tags")
    );
    // Nothing is asked about names that are live.
    let before = calls.calls().len();
    SecurityGroup::observe(&cx, &query(&wanted[..1])).await.unwrap();
    assert_eq!(calls.calls().len() - before, 1);
}

/// What the engine would hand on of a kind.
async fn documents<R: Resource>(cx: &Cx) -> Seen {
    let live = observe::<R>(cx).await.into_iter().map(|live| Document {
        spec: json!(live.spec),
        outputs: json!(live.outputs),
        identity: live.identity,
        health: live.health,
        id: live.id,
    });
    Seen { kinds: BTreeMap::from([(R::KIND.to_owned(), live.collect())]) }
}
