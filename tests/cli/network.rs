//! Networks: private ones with endpoints, dual-stack ones, those that exist; and one kind of NAT after another.

use std::collections::BTreeMap;

use shipit::aws::Cx;

use crate::support::{Workdir, prepare};

pub(super) fn deploy(workdir: &Workdir, environment: &str) {
    workdir.local(&["deploy", "--env", environment, "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan", "--env", environment]), Vec::<String>::new());
}

pub(super) fn delete(workdir: &Workdir, environment: &str) {
    let delete = ["env", "delete", "--name", environment, "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let show = ["--format", "json", "env", "show", "--name", environment];
    let shown = workdir.local(&show).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}

/// Tasks that nothing lets out to their image do not start; the plan says so before.
#[test]
fn a_private_network_without_endpoints_is_found_out() {
    let workdir = Workdir::example("private");
    prepare::repository(&workdir);
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
    let plan = workdir.steps(&["plan"]);
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
    let (tasks, balancers) = workdir.by_hand_in("eu-west-1", async |cx: Cx| {
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

#[test]
fn an_imported_network_is_used_and_left_alone() {
    let workdir = Workdir::example("imported-vpc");
    let (tagged, _) = prepare::network(&workdir);
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
    let mut wanted = tagged.each_ref().map(String::as_str);
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
        workdir.steps(&["plan"]),
        [
            "create iam/role.flow-logs: ",
            "create logs/log-group.flow-logs: ",
            "create ec2/flow-log.main: "
        ]
    );
    deploy(&workdir, "office");
    delete(&workdir, "office");
    let left = workdir.by_hand_in("us-east-1", async |cx: Cx| {
        let subnets = cx.ec2.describe_subnets().send().await.unwrap().subnets().len();
        (subnets, cx.ec2.describe_flow_logs().send().await.unwrap().flow_logs().len())
    });
    assert_eq!(left, (7, 0));
}

/// The tags fit, but the subnets are elsewhere.
#[test]
fn tagged_subnets_of_another_network_are_refused() {
    let workdir = Workdir::example("imported-vpc");
    let (_, other) = prepare::network(&workdir);
    workdir.edit(
        "shipit/environments/office.yml",
        "  vpc:\n    id: ",
        "  vpc:\n    # of another\n    id: ",
    );
    let environment = workdir.read("shipit/environments/office.yml");
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
            workdir.steps(&["env", "plan", "--name", "test"]),
            Vec::<String>::new(),
            "{before} → {nat}"
        );
        let routes = workdir.by_hand_in("eu-west-1", async |cx: Cx| {
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

#[test]
fn zones_of_another_region_are_told_with_their_region() {
    let workdir = Workdir::example("dual-stack");
    let environment = "shipit/environments/test.yml";
    workdir.edit(environment, "zones: 3", "zones: [us-east-1a, us-east-1b]");
    let refused = || {
        let text = workdir.local(&["plan"]).expect(1).stderr;
        text.lines().skip_while(|line| !line.starts_with("error")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(refused(), @r"
    error: zone `us-east-1a` is not in region eu-west-1, where environment `test` is
    hint: name zones of eu-west-1 under `network.vpc` in the environment's manifest, such as eu-west-1a and eu-west-1b, or write `region: us-east-1`
    ");
    workdir.edit(
        environment,
        "zones: [us-east-1a, us-east-1b]",
        "subnets: {public: [{cidr: 10.0.0.0/24, az: us-west-2a}, {cidr: 10.0.1.0/24, az: us-west-2-lax-1a}]}",
    );
    workdir.edit(environment, "    nat: regional\n", "");
    insta::assert_snapshot!(refused(), @r"
    error: zone `us-west-2a` is not in region eu-west-1, where environment `test` is
    hint: name zones of eu-west-1 under `network.vpc` in the environment's manifest, such as eu-west-1a and eu-west-1b, or write `region: us-west-2`
    ");
}
