//! Networks: private ones with endpoints, dual-stack ones, those that exist; and one kind of NAT after another.

use std::collections::BTreeMap;

use shipit::aws::calls::CallLog;
use shipit::aws::{Cx, Session, SessionOptions, local_client};

use crate::support::Workdir;

/// The account that the runs in this folder see, asked directly.
fn with_account<T>(workdir: &Workdir, region: &str, ask: impl AsyncFnOnce(Cx) -> T) -> T {
    let directory = Some(workdir.path().join(".shipit").join("local"));
    let options = shipit::local::LocalOptions {
        directory,
        speed: shipit::local::clock::Speed::Instant,
        ..Default::default()
    };
    let local = shipit::local::LocalAws::open(options).unwrap();
    let options = SessionOptions {
        region: Some(region.to_owned()),
        local: Some(local_client::http_client(local)),
        time_factor: Some(1e3),
        ..SessionOptions::default()
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let session = Session::load(&options, CallLog::new(None)).await.unwrap();
        ask(session.cx(String::new())).await
    })
}

/// Each step of a plan as `action address: changed fields`.
fn steps(workdir: &Workdir, arguments: &[&str]) -> Vec<String> {
    let plan = workdir.local(&[&["--format", "json"], arguments].concat()).expect(0).json();
    let step = |step: &serde_json::Value| {
        let changes = step["changes"].as_array().unwrap().iter();
        let paths: Vec<&str> = changes.map(|change| change["path"].as_str().unwrap()).collect();
        let text = |name: &str| step[name].as_str().unwrap().to_owned();
        format!("{} {}: {}", text("action"), text("address"), paths.join(" "))
    };
    plan["steps"].as_array().unwrap().iter().map(step).collect()
}

fn deploy(workdir: &Workdir, environment: &str) {
    workdir.local(&["deploy", "--env", environment, "--yes"]).expect(0);
    assert_eq!(steps(workdir, &["plan", "--env", environment]), Vec::<String>::new());
}

fn delete(workdir: &Workdir, environment: &str) {
    let delete = ["env", "delete", "--name", environment, "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let show = ["--format", "json", "env", "show", "--name", environment];
    let shown = workdir.local(&show).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}

/// Makes the repository that the example's image is in.
fn push(workdir: &Workdir) {
    with_account(workdir, "eu-west-1", async |cx: Cx| {
        let name = "ledger/books";
        cx.ecr.create_repository().repository_name(name).send().await.unwrap();
        let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":1,"digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"layers":[]}"#;
        let image = cx.ecr.put_image().repository_name(name).image_tag("1.4.0");
        image.image_manifest(manifest).send().await.unwrap();
    });
}

#[test]
fn a_private_network_is_deployed_changed_and_deleted() {
    let workdir = Workdir::example("private");
    push(&workdir);
    deploy(&workdir, "test");
    let endpoints = with_account(&workdir, "eu-west-1", async |cx: Cx| {
        let found = cx.ec2.describe_vpc_endpoints().send().await.unwrap();
        found
            .vpc_endpoints()
            .iter()
            .map(|it| it.service_name().unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(endpoints.len(), 8, "{endpoints:?}");

    let environment = "shipit/environments/test.yml";
    workdir.edit(environment, "[tasks, dynamodb]", "[tasks, sqs]");
    workdir.edit(environment, "retention: 30", "retention: 60");
    assert_eq!(
        steps(&workdir, &["plan"]),
        [
            "update logs/log-group.flow-logs: retention_days",
            "delete ec2/vpc-endpoint.dynamodb: ",
            "create ec2/vpc-endpoint.sqs: ",
        ]
    );
    deploy(&workdir, "test");
    delete(&workdir, "test");
}

/// Tasks that nothing lets out to their image do not start; the plan says so before.
#[test]
fn a_private_network_without_endpoints_is_found_out() {
    let workdir = Workdir::example("private");
    push(&workdir);
    workdir.edit(
        "shipit/environments/test.yml",
        "endpoints: [tasks, dynamodb]",
        "endpoints: [logs]",
    );
    let plan = workdir.local(&["plan", "--env", "test"]).expect(0);
    assert!(plan.stdout.contains("cannot reach ecr"), "{}", plan.stdout);
}

#[test]
fn a_network_gets_ipv6_addresses_and_keeps_them() {
    let workdir = Workdir::example("dual-stack");
    let environment = "shipit/environments/test.yml";
    workdir.edit(environment, "    ipv6: true\n", "");
    deploy(&workdir, "test");
    workdir.edit(environment, "    nat: regional\n", "    nat: regional\n    ipv6: true\n");
    let plan = steps(&workdir, &["plan"]);
    assert_eq!(
        plan,
        [
            "update ec2/vpc.main: ipv6",
            "create ec2/egress-only-internet-gateway.main: ",
            "create ec2/security-group-rule.environment-all-to-::/0: ",
            "create ec2/security-group-rule.public-load-balancer-80-from-::/0: ",
            "update ec2/subnet.private-1: assign_ipv6 ipv6",
            "update ec2/subnet.private-2: assign_ipv6 ipv6",
            "update ec2/subnet.private-3: assign_ipv6 ipv6",
            "update ec2/subnet.public-1: assign_ipv6 ipv6",
            "update ec2/subnet.public-2: assign_ipv6 ipv6",
            "update ec2/subnet.public-3: assign_ipv6 ipv6",
            "update ec2/route-table.public: routes[1]",
            "update ec2/route-table.private-1: routes[1]",
            "update ec2/route-table.private-2: routes[1]",
            "update ec2/route-table.private-3: routes[1]",
            "update elbv2/load-balancer.public: ip_address_type",
        ]
    );
    deploy(&workdir, "test");
    workdir.edit(environment, "    ipv6: true\n", "");
    let refused = workdir.local(&["plan"]).expect(1);
    insta::assert_snapshot!(refused.stderr, @r"
    error: environment `test` has IPv6 addresses, and its manifest says no more `ipv6: true`: a VPC whose subnets are in use cannot lose its block
    hint: put `network.vpc.ipv6: true` back; an environment without it is one of another name, or made anew after `shipit env delete`
    ");
    workdir.edit(environment, "    nat: regional\n", "    nat: regional\n    ipv6: true\n");
    delete(&workdir, "test");
}

#[test]
fn a_dual_stack_network_is_made_at_once() {
    let workdir = Workdir::example("dual-stack");
    deploy(&workdir, "test");
    let (tasks, balancers) = with_account(&workdir, "eu-west-1", async |cx: Cx| {
        let interfaces = cx.ec2.describe_network_interfaces().send().await.unwrap();
        let with =
            interfaces.network_interfaces().iter().filter(|it| !it.ipv6_addresses().is_empty());
        let balancers = cx.elbv2.describe_load_balancers().send().await.unwrap();
        let kind = balancers.load_balancers()[0].ip_address_type().unwrap().as_str().to_owned();
        (with.count(), kind)
    });
    assert!(tasks >= 1, "{tasks}");
    assert_eq!(balancers, "dualstack");
    delete(&workdir, "test");
}

/// Makes the network that the example names, and puts its ids into the manifests.
fn import(workdir: &Workdir) {
    use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
    let (vpc, subnets, other) = with_account(workdir, "us-east-1", async |cx: Cx| {
        let ec2 = &cx.ec2;
        let mut vpcs = Vec::new();
        for _ in 0..2 {
            let made = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
            vpcs.push(made.vpc.unwrap().vpc_id.unwrap());
        }
        let [vpc, other] = [vpcs[0].clone(), vpcs[1].clone()];
        for names in [true, false] {
            let on = aws_sdk_ec2::types::AttributeBooleanValue::builder().value(true).build();
            let call = ec2.modify_vpc_attribute().vpc_id(&vpc);
            let call =
                if names { call.enable_dns_support(on) } else { call.enable_dns_hostnames(on) };
            call.send().await.unwrap();
        }
        let mut subnets = Vec::new();
        for (index, (of, zone, tier)) in [
            (&vpc, "a", ""),
            (&vpc, "b", ""),
            (&vpc, "a", ""),
            (&vpc, "b", ""),
            (&vpc, "a", "application"),
            (&vpc, "b", "application"),
            (&other, "a", "application"),
        ]
        .into_iter()
        .enumerate()
        {
            let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
            let tags = TagSpecification::builder().resource_type(ResourceType::Subnet);
            let tags = tags.tags(tag("tier", tier)).tags(tag("stage", "all")).build();
            let call = ec2.create_subnet().vpc_id(of).cidr_block(format!("10.0.{index}.0/24"));
            let call = call.availability_zone(format!("us-east-1{zone}")).tag_specifications(tags);
            subnets.push(call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap());
        }
        // Private subnets follow the main table, through a NAT gateway.
        let internet = ec2.create_internet_gateway().send().await.unwrap();
        let internet = internet.internet_gateway.unwrap().internet_gateway_id.unwrap();
        let attach = ec2.attach_internet_gateway().vpc_id(&vpc).internet_gateway_id(internet);
        attach.send().await.unwrap();
        let address = ec2.allocate_address().send().await.unwrap().allocation_id.unwrap();
        let nat = ec2.create_nat_gateway().subnet_id(&subnets[0]).allocation_id(address);
        let nat = nat.send().await.unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap();
        let tables = ec2.describe_route_tables().send().await.unwrap();
        let main = tables.route_tables().iter().find(|it| it.vpc_id() == Some(&vpc)).unwrap();
        let route = ec2.create_route().destination_cidr_block("0.0.0.0/0").nat_gateway_id(nat);
        route.route_table_id(main.route_table_id().unwrap()).send().await.unwrap();
        let group = ec2.create_security_group().group_name("wiki").description("wiki").vpc_id(&vpc);
        let group = group.send().await.unwrap().group_id.unwrap();
        subnets.push(group);
        (vpc, subnets, other)
    });
    let environment = "shipit/environments/office.yml";
    workdir.edit(environment, "profile: office\n", "");
    workdir.edit(environment, "vpc-0a1b2c3d4e5f67890", &vpc);
    for (at, old) in [
        "subnet-0aaaaaaaaaaaaaaa1",
        "subnet-0aaaaaaaaaaaaaaa2",
        "subnet-0bbbbbbbbbbbbbbb1",
        "subnet-0bbbbbbbbbbbbbbb2",
    ]
    .iter()
    .enumerate()
    {
        workdir.edit(environment, old, &subnets[at]);
    }
    workdir.edit("shipit/services/wiki.yml", "sg-0c1c2c3c4c5c6c7c8", &subnets[7]);
    workdir.write("other", other);
    workdir.write("tagged", format!("{} {}", subnets[4], subnets[5]));
}

#[test]
fn an_imported_network_is_used_and_left_alone() {
    let workdir = Workdir::example("imported-vpc");
    import(&workdir);
    deploy(&workdir, "office");
    let shown =
        workdir.local(&["--format", "json", "env", "show", "--name", "office"]).expect(0).json();
    let search = shown["resources"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["identity"]["address"] == "ecs/service.search");
    let mut subnets: Vec<&str> = search.unwrap()["spec"]["network"]["subnets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    subnets.sort_unstable();
    let tagged = workdir.read("tagged");
    let mut wanted: Vec<&str> = tagged.split(' ').collect();
    wanted.sort_unstable();
    assert_eq!(subnets, wanted);

    let search = "shipit/services/search.yml";
    workdir.edit(search, "tier: application", "tier: nothing");
    let refused = workdir.local(&["plan"]).expect(1);
    insta::assert_snapshot!(refused.stderr, @r"
    error: service `search`: no subnet bears stage=office|all, tier=nothing
    hint: correct `network.vpc.placement.subnets.from_tags` of `search`; `aws ec2 describe-subnets --query 'Subnets[].[SubnetId,VpcId,Tags]'` shows what there is
    ");
    workdir.edit(search, "tier: nothing", "tier: application");

    let environment = "shipit/environments/office.yml";
    workdir.edit(
        environment,
        "    security_group:\n",
        "    flow_logs: true\n    security_group:\n",
    );
    assert_eq!(
        steps(&workdir, &["plan"]),
        [
            "create iam/role.flow-logs: ",
            "create logs/log-group.flow-logs: ",
            "create ec2/flow-log.main: "
        ]
    );
    deploy(&workdir, "office");
    delete(&workdir, "office");
    let left = with_account(&workdir, "us-east-1", async |cx: Cx| {
        let subnets = cx.ec2.describe_subnets().send().await.unwrap().subnets().len();
        (subnets, cx.ec2.describe_flow_logs().send().await.unwrap().flow_logs().len())
    });
    assert_eq!(left, (7, 0));
}

/// The tags fit, but the subnets are elsewhere.
#[test]
fn tagged_subnets_of_another_network_are_refused() {
    let workdir = Workdir::example("imported-vpc");
    import(&workdir);
    workdir.edit(
        "shipit/environments/office.yml",
        "  vpc:\n    id: ",
        "  vpc:\n    # of another\n    id: ",
    );
    let (environment, other) =
        (workdir.read("shipit/environments/office.yml"), workdir.read("other"));
    let own = environment.lines().find_map(|line| line.trim().strip_prefix("id: vpc-")).unwrap();
    let own = format!("vpc-{own}");
    workdir.edit("shipit/environments/office.yml", &own, "vpc-0123456789abcdef0");
    let refused = workdir.local(&["plan"]).expect(1);
    assert!(
        refused.stderr.contains("are not in the environment's VPC vpc-0123456789abcdef0"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains(&own) || refused.stderr.contains(&other), "{}", refused.stderr);
}

/// No private subnet is without a way out while one NAT takes the place of another: routes are replaced once
/// the new gateway works, and the old one goes after that.
#[test]
fn one_kind_of_nat_follows_another() {
    let workdir = Workdir::example("dual-stack");
    let environment = "shipit/environments/test.yml";
    workdir.edit(environment, "nat: regional", "nat: none");
    workdir.edit(environment, "    zones: 3\n", "    zones: 2\n");
    workdir.local(&["env", "deploy", "--name", "test", "--yes"]).expect(0);
    let mut before = "none";
    for nat in [
        "single", "per-zone", "regional", "none", "regional", "per-zone", "single", "regional",
        "single", "none", "per-zone", "none",
    ] {
        workdir.edit(environment, &format!("nat: {before}"), &format!("nat: {nat}"));
        let deploy = ["--format", "json", "env", "deploy", "--name", "test", "--yes"];
        let ran = workdir.local(&deploy).expect(0);
        let lines: Vec<serde_json::Value> =
            ran.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let at = |event: &str, address: &str| {
            lines.iter().position(|line| line["event"] == event && line["address"] == address)
        };
        let mut tables = BTreeMap::new();
        for table in ["ec2/route-table.private-1", "ec2/route-table.private-2"] {
            if let Some(done) = at("step-done", table) {
                tables.insert(table, done);
            }
        }
        assert_eq!(tables.is_empty(), (before, nat) == ("none", "none"), "{before} → {nat}");
        let gone = lines.iter().enumerate().filter(|(_, line)| {
            line["event"] == "step-started"
                && line["action"] == "delete"
                && line["address"].as_str().is_some_and(|it| it.starts_with("ec2/nat-gateway"))
        });
        for (started, line) in gone {
            let gateway = line["address"].as_str().unwrap_or_default();
            for (table, done) in &tables {
                // With one in each zone, each serves one table.
                let other = before == "per-zone" && gateway.chars().last() != table.chars().last();
                assert!(
                    other || *done < started,
                    "{before} → {nat}: {} goes before {table}",
                    line["address"]
                );
            }
        }
        assert_eq!(
            steps(&workdir, &["env", "plan", "--name", "test"]),
            Vec::<String>::new(),
            "{before} → {nat}"
        );
        let routes = with_account(&workdir, "eu-west-1", async |cx: Cx| {
            let tables = cx.ec2.describe_route_tables().send().await.unwrap();
            let routes = tables.route_tables().iter().flat_map(|table| table.routes());
            let routes: Vec<_> = routes.filter(|it| it.nat_gateway_id().is_some()).collect();
            let active =
                routes.iter().filter(|it| it.state().unwrap().as_str() == "active").count();
            (routes.len(), active)
        });
        let wanted = if nat == "none" { 0 } else { 2 };
        assert_eq!(routes, (wanted, wanted), "{before} → {nat}");
        before = nat;
    }
    delete(&workdir, "test");
}
