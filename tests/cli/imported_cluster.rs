//! Services in a cluster that exists.

use shipit::aws::Cx;

use super::network::{delete, deploy};
use crate::support::{Workdir, prepare};

const REGION: &str = "us-east-1";
const ENVIRONMENT: &str = "shipit/environments/office.yml";

/// Each cluster: name, status, services and tags.
fn clusters(workdir: &Workdir) -> Vec<String> {
    workdir.by_hand_in(REGION, async |cx: Cx| {
        use aws_sdk_ecs::types::ClusterField;
        let all = cx.ecs.list_clusters().send().await.unwrap();
        let call = cx.ecs.describe_clusters().set_clusters(Some(all.cluster_arns().to_vec()));
        let all = call.include(ClusterField::Tags).send().await.unwrap();
        let mut texts = Vec::new();
        for it in all.clusters() {
            let (name, status) = (it.cluster_name().unwrap(), it.status().unwrap());
            let services = cx.ecs.list_services().cluster(name).send().await.unwrap();
            let services = services.service_arns().len();
            texts.push(format!("{name} {status}: {services} services, {} tags", it.tags().len()));
        }
        texts
    })
}

#[test]
fn a_cluster_that_exists_is_used_and_left_alone() {
    let workdir = Workdir::example("imported-vpc");
    prepare::network(&workdir);
    // Somebody else's service in it is nobody's business here.
    workdir.by_hand_in(REGION, async |cx: Cx| {
        use aws_sdk_ecs::types::ContainerDefinition;
        let container = ContainerDefinition::builder().name("c").image("nginx").memory(8).build();
        let call = cx.ecs.register_task_definition().family("other");
        call.container_definitions(container).send().await.unwrap();
        let call = cx.ecs.create_service().cluster("office").service_name("other");
        call.task_definition("other").desired_count(0).send().await.unwrap();
    });
    deploy(&workdir, "office");
    assert_eq!(clusters(&workdir), ["office ACTIVE: 3 services, 0 tags"]);
    let status = workdir.local(&["svc", "status", "--name", "wiki", "--env", "office"]).expect(0);
    assert!(status.stdout.contains("wiki"), "{}", status.stdout);
    workdir.edit("shipit/services/wiki.yml", "192.168.0.0/16", "192.168.0.0/17");
    workdir.local(&["svc", "deploy", "--name", "wiki", "--env", "office", "--yes"]).expect(0);
    workdir.local(&["svc", "delete", "--name", "search", "--env", "office", "--yes"]).expect(0);
    assert_eq!(clusters(&workdir), ["office ACTIVE: 2 services, 0 tags"]);
    delete(&workdir, "office");
    assert_eq!(clusters(&workdir), ["office ACTIVE: 1 services, 0 tags"]);
}

#[test]
fn a_cluster_that_cannot_be_used_is_refused() {
    let workdir = Workdir::example("imported-vpc");
    prepare::network(&workdir);
    let refused = |code| workdir.local(&["plan"]).expect(code).stderr;
    workdir.edit(ENVIRONMENT, "  name: office\n\n", "  name: nowhere\n\n");
    insta::assert_snapshot!(refused(4), @r"
    error: there is no cluster `nowhere` in us-east-1 of account 123456789012
    hint: `aws ecs list-clusters` prints those that are; correct `cluster` in the environment's manifest
    ");
    let arn = |region: &str| format!("  arn: arn:aws:ecs:{region}:123456789012:cluster/office\n\n");
    workdir.edit(ENVIRONMENT, "  name: nowhere\n\n", &arn("eu-west-1"));
    insta::assert_snapshot!(refused(1), @r"
    error: cluster `office` is in region eu-west-1 of account 123456789012, and environment `office` in us-east-1 of 123456789012
    hint: correct `cluster.arn` in the environment's manifest, or its `region` and `account`
    ");
    workdir.edit(ENVIRONMENT, &arn("eu-west-1"), &arn("us-east-1"));
    workdir.local(&["plan"]).expect(0);
    let put = async |cx: Cx, provider: &str| {
        use aws_sdk_ecs::types::CapacityProviderStrategyItem;
        let item = CapacityProviderStrategyItem::builder().capacity_provider(provider);
        let call = cx.ecs.put_cluster_capacity_providers().cluster("office");
        let call = call.capacity_providers(provider);
        call.default_capacity_provider_strategy(item.build().unwrap()).send().await.unwrap();
    };
    workdir.by_hand_in(REGION, async |cx: Cx| put(cx, "FARGATE_SPOT").await);
    insta::assert_snapshot!(refused(1), @r"
    error: `ecs/service.search` runs on FARGATE, and cluster `office` has no such capacity provider
    hint: its owner attaches it with `aws ecs put-cluster-capacity-providers --cluster office`, or choose what it has: FARGATE_SPOT
    ");
    workdir.by_hand_in(REGION, async |cx: Cx| {
        cx.ecs.delete_cluster().cluster("office").send().await.unwrap();
    });
    insta::assert_snapshot!(refused(4), @r"
    error: there is no cluster `office` in us-east-1 of account 123456789012
    hint: `aws ecs list-clusters` prints those that are; correct `cluster` in the environment's manifest
    ");
}
