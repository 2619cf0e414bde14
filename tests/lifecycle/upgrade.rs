//! Clusters go up by more than one minor, with what lies in them; what controllers left goes with a cluster.

use aws_sdk_ec2::types::Tag;
use serde_json::{Value, json};
use shipit::engine::diff::{Rules, diff};
use shipit::engine::{Action, Address, Desired, Handle, Health, Live, Plan, Waiting};
use shipit::resources::eks::{Addon, Cluster, NodeGroup};

use super::account::Account;
use super::example::{Graph, tags};

/// A cluster of version 1.33 with a node group and two add-ons.
fn graph() -> (Graph, Handle<Cluster>) {
    let mut graph = Graph::default();
    let role = graph.trusted("kubernetes", "eks.amazonaws.com");
    let cluster = Cluster {
        subnets: vec![graph.subnet('a').id(), graph.subnet('b').id()],
        support_type: "EXTENDED".to_owned(),
        tags: tags(),
        ..Cluster::new("1.33", role.arn())
    };
    let cluster = graph.add("main", &cluster);
    let group = NodeGroup { version: Some("1.33".to_owned()), ..graph.node_group() };
    graph.add("workers", &group);
    for addon in ["kube-proxy", "vpc-cni"] {
        let spec = Addon { tags: tags(), ..Addon::new(cluster.name().when_ready(), addon) };
        graph.add(addon, &spec);
    }
    (graph, cluster)
}

/// The same with another version of cluster and node group.
fn at(desired: &Desired, version: &str) -> Desired {
    let mut desired = desired.clone();
    for (address, node) in &mut desired.nodes {
        if ["eks/cluster", "eks/nodegroup"].contains(&address.kind()) {
            node.spec["version"] = json!(version);
        }
    }
    desired
}

fn steps(plan: &Plan) -> Vec<String> {
    let step = |step: &shipit::engine::Step| {
        let changes = step.changes.iter();
        let changes = changes.map(|it| format!("{}: {} → {}", it.path, it.before, it.after));
        format!("{:?} {} {}", step.action, step.address, changes.collect::<Vec<_>>().join(", "))
    };
    plan.steps.iter().map(step).collect()
}

/// The operations that move something to another version, in order, and what they move where.
fn moves(account: &Account) -> Vec<String> {
    let moving = ["UpdateClusterVersion", "UpdateNodegroupVersion", "UpdateAddon"];
    account.operations().into_iter().filter(|name| moving.contains(&name.as_str())).collect()
}

async fn versions(account: &Account) -> Value {
    let eks = &account.cx.eks;
    let name = "demo-test-main";
    let cluster = eks.describe_cluster().name(name).send().await.unwrap().cluster.unwrap();
    let call = eks.describe_nodegroup().cluster_name(name).nodegroup_name("demo-test-workers");
    let group = call.send().await.unwrap().nodegroup.unwrap();
    let call = eks.describe_addon().cluster_name(name).addon_name("kube-proxy");
    let proxy = call.send().await.unwrap().addon.unwrap();
    json!([cluster.version(), group.version(), proxy.addon_version().unwrap().split('.').nth(1)])
}

#[tokio::test]
async fn two_minors_in_one_plan() {
    let account = Account::open().await;
    let (mut graph, _) = graph();
    let desired = graph.desired_mut().clone();
    account.apply(&account.plan(&desired).await, "create").await;
    let wanted = at(&desired, "1.35");
    let plan = account.plan(&wanted).await;
    assert_eq!(
        steps(&plan),
        [
            "Update eks/cluster.main version: \"1.33\" → \"1.35\"",
            "Update eks/nodegroup.workers version: \"1.33\" → \"1.35\"",
        ]
    );
    account.apply(&plan, "upgrade").await;
    assert_eq!(versions(&account).await, json!(["1.35", "1.35", "35"]));
    assert_eq!(
        moves(&account),
        [
            "UpdateClusterVersion",
            "UpdateNodegroupVersion",
            "UpdateAddon",
            "UpdateClusterVersion",
            "UpdateAddon",
            "UpdateNodegroupVersion",
        ]
    );
    assert_eq!(steps(&account.plan(&wanted).await), Vec::<String>::new());
}

async fn live(account: &Account, address: &Address) -> Live {
    account.live(address).await.pop().unwrap()
}

/// One call of `update` with the cluster at another version.
async fn round(
    account: &Account,
    cluster: &Address,
    version: &str,
) -> Result<shipit::engine::Progress, shipit::engine::Failure> {
    let driver = account.registry.driver("eks/cluster").unwrap();
    let live = live(account, cluster).await;
    let mut spec = live.spec.clone();
    spec["version"] = json!(version);
    let changes = diff(&Rules::new(driver.info().rules), &live.spec, &spec);
    driver.update(&live, &spec, &changes).await
}

#[tokio::test]
async fn a_run_that_died_is_gone_on_with() {
    let account = Account::open().await;
    let (mut graph, cluster) = graph();
    let desired = graph.desired_mut().clone();
    account.apply(&account.plan(&desired).await, "create").await;
    // The first minor, and nothing after it.
    let begun = round(&account, cluster.address(), "1.35").await.unwrap();
    assert!(begun.more);
    let driver = account.registry.driver("eks/cluster").unwrap();
    let live = live(&account, cluster.address()).await;
    let waiting = Waiting {
        identity: live.identity,
        outputs: live.outputs,
        ticket: begun.ticket,
        deleting: false,
        last: false,
    };
    assert_eq!(driver.look(&[waiting]).await.unwrap(), [Health::Ready]);
    let wanted = at(&desired, "1.35");
    let plan = account.plan(&wanted).await;
    assert_eq!(
        steps(&plan),
        [
            "Update eks/cluster.main version: \"1.34\" → \"1.35\"",
            "Update eks/nodegroup.workers version: \"1.33\" → \"1.35\"",
        ]
    );
    account.apply(&plan, "upgrade").await;
    assert_eq!(versions(&account).await, json!(["1.35", "1.35", "35"]));
    assert_eq!(steps(&account.plan(&wanted).await), Vec::<String>::new());
}

#[tokio::test]
async fn insights_stop_an_upgrade() {
    let account = Account::open().await;
    let (mut graph, cluster) = graph();
    let desired = graph.desired_mut().clone();
    account.apply(&account.plan(&desired).await, "create").await;
    account.cx.iam.delete_role().role_name("demo-test-kubernetes").send().await.unwrap();
    // EKS looks once a day: it is asked to look again before anything is refused.
    let looks = round(&account, cluster.address(), "1.34").await.unwrap();
    assert!(looks.more && looks.ticket.unwrap().contains("Insights"));
    let refused = round(&account, cluster.address(), "1.34").await.unwrap_err();
    assert_eq!(
        refused.message,
        "EKS knows what speaks against Kubernetes 1.34: Cluster health issues: Cluster health issues detected"
    );
    assert_eq!(moves(&account), Vec::<String>::new());
}

#[tokio::test]
async fn what_controllers_left_goes_with_the_cluster() {
    let account = Account::open().await;
    let (mut graph, _) = graph();
    let desired = graph.desired_mut().clone();
    account.apply(&account.plan(&desired).await, "create").await;
    let there = account.observe(&Desired::default()).await;
    let id = |address: &str| {
        let address: Address = address.parse().unwrap();
        there.at(&address).next().unwrap().id.clone()
    };
    let group = account.cx.ec2.create_security_group().group_name("k8s-web").description("by hand");
    let group = group.vpc_id(id("ec2/vpc.main")).send().await.unwrap();
    let group = group.group_id().unwrap().to_owned();
    let call = account.cx.elbv2.create_load_balancer().name("k8s-web").security_groups(&group);
    let call = call.subnets(id("ec2/subnet.e")).subnets(id("ec2/subnet.f"));
    let balancer = call.send().await.unwrap();
    let balancer = balancer.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
    let arn = format!("arn:aws:ec2:eu-west-1:123456789012:security-group/{group}");
    let call = account.cx.tagging.tag_resources().resource_arn_list(balancer);
    let call = call.resource_arn_list(arn).tags("elbv2.k8s.aws/cluster", "demo-test-main");
    assert!(call.send().await.unwrap().failed_resources_map().is_none_or(|it| it.is_empty()));
    // The network plugin's interface, in a subnet that has to go; and a pod's volume, which holds data.
    let call = account.cx.ec2.create_network_interface().subnet_id(id("ec2/subnet.e"));
    let made = call.groups(&group).send().await.unwrap();
    let interface = made.network_interface().unwrap().network_interface_id().unwrap().to_owned();
    let call = account.cx.ec2.create_volume().availability_zone("eu-west-1a").size(4);
    let volume = call.send().await.unwrap().volume_id().unwrap().to_owned();
    let call = account.cx.ec2.create_volume().availability_zone("eu-west-1a").size(5);
    let foreign = call.send().await.unwrap().volume_id().unwrap().to_owned();
    let owned = Tag::builder().key("kubernetes.io/cluster/demo-test-main").value("owned").build();
    let call = account.cx.ec2.create_tags().resources(&interface).resources(&volume);
    call.tags(owned).send().await.unwrap();
    let plan = account.plan(&Desired::default()).await;
    assert!(plan.steps.iter().all(|step| step.action == Action::Delete));
    account.apply(&plan, "delete").await;
    let volumes = account.cx.ec2.describe_volumes().send().await.unwrap();
    let left: Vec<_> = volumes.volumes().iter().filter_map(|one| one.volume_id()).collect();
    assert_eq!(left, [foreign]);
    let interfaces = account.cx.ec2.describe_network_interfaces().send().await.unwrap();
    assert_eq!(interfaces.network_interfaces().len(), 0);
    let balancers = account.cx.elbv2.describe_load_balancers().send().await.unwrap();
    assert_eq!(balancers.load_balancers().len(), 0);
    let vpcs = account.cx.ec2.describe_vpcs().vpc_ids(id("ec2/vpc.main")).send().await;
    assert!(vpcs.is_err());
}
