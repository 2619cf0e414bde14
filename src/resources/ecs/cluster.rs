//! An ECS cluster with its capacity providers and defaults.

use aws_sdk_ecs::operation::delete_cluster::DeleteClusterError;
use aws_sdk_ecs::types::{
    Cluster as SdkCluster, ClusterConfiguration, ClusterField,
    ClusterServiceConnectDefaultsRequest, ClusterSetting, ClusterSettingName,
    ExecuteCommandConfiguration, ExecuteCommandLogConfiguration, ManagedStorageConfiguration,
};
use serde::{Deserialize, Serialize};

use super::convert::{
    built, claim, given, known, retag, some, sorted, strategy_from_sdk, strategy_to_sdk,
    tags_from_sdk, tags_to_sdk, text,
};
use super::{CapacityProviderStrategyItem, capacity_provider, outside};
use crate::aws::{Cx, classify, tags};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::resources::servicediscovery::NamespaceArn;

/// An ECS cluster, named `identity.name(255)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// `FARGATE`, `FARGATE_SPOT`. Providers of the account's own put themselves on the cluster's list.
    pub capacity_providers: Vec<String>,
    /// What services that name neither launch type nor strategy run on.
    pub default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// CloudWatch Container Insights: `disabled`, `enabled` or `enhanced`.
    pub container_insights: String,
    /// What becomes of what is typed in `ecs execute-command` sessions.
    pub execute_command: ExecuteCommand,
    /// KMS key for managed storage.
    pub managed_storage_kms_key: Option<String>,
    /// KMS key for Fargate's ephemeral storage.
    pub fargate_ephemeral_storage_kms_key: Option<String>,
    /// The namespace of services that switch Service Connect on and name none.
    pub service_connect_namespace: Option<Input<NamespaceArn>>,
    /// The environment is protected: a tag that other checkouts read (`shipit:protect`).
    #[serde(default)]
    pub protect: bool,
    /// When the environment ends, in RFC 3339: a tag that `env prune` reads (`shipit:expires`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The user's own tags.
    pub tags: Tags,
}

/// On the cluster of a protected environment.
const TAG_PROTECT: &str = "shipit:protect";
/// On the cluster of an environment that ends by itself.
pub(super) const TAG_EXPIRES: &str = "shipit:expires";

impl Default for Cluster {
    fn default() -> Self {
        Self {
            capacity_providers: Vec::new(),
            default_capacity_provider_strategy: Vec::new(),
            container_insights: "disabled".to_owned(),
            execute_command: ExecuteCommand::default(),
            managed_storage_kms_key: None,
            fargate_ephemeral_storage_kms_key: None,
            service_connect_namespace: None,
            protect: false,
            expires: None,
            tags: Tags::new(),
        }
    }
}

/// Logging and encryption of `ecs execute-command` sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecuteCommand {
    /// `NONE`, `DEFAULT` (the task's awslogs configuration) or `OVERRIDE` (the fields below).
    pub logging: String,
    /// KMS key that encrypts the session.
    pub kms_key: Option<String>,
    /// Log group, with `OVERRIDE`.
    pub log_group: Option<Input<String>>,
    /// The log group is encrypted: sessions are refused where it is not.
    pub log_group_encrypted: bool,
    /// S3 bucket, with `OVERRIDE`.
    pub bucket: Option<String>,
    /// The bucket is encrypted.
    pub bucket_encrypted: bool,
    /// Prefix of the keys in the bucket.
    pub bucket_prefix: Option<String>,
}

impl Default for ExecuteCommand {
    fn default() -> Self {
        Self {
            logging: "DEFAULT".to_owned(),
            kms_key: None,
            log_group: None,
            log_group_encrypted: false,
            bucket: None,
            bucket_encrypted: false,
            bucket_prefix: None,
        }
    }
}

impl Spec for Cluster {
    const KIND: &'static str = "ecs/cluster";
}

crate::ids! {
    /// A cluster's name.
    ClusterName,
    /// A cluster's ARN.
    ClusterArn,
}

crate::outputs!(Cluster => ClusterOutputs {
    /// Its ARN.
    arn: ClusterArn,
    /// Its name.
    name: ClusterName,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateCluster.clusterName", "the physical name follows from the address"),
    ("UpdateCluster.cluster", "says which cluster"),
    ("PutClusterCapacityProviders.cluster", "says which cluster"),
];

impl Resource for Cluster {
    const INFO: KindInfo = KindInfo {
        kind: Cluster::KIND,
        rules: &[
            Rule::Unordered("capacity_providers"),
            Rule::Unordered("default_capacity_provider_strategy"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(3, 2, 300),
    };

    type Outputs = ClusterOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut arns = Vec::new();
        let mut pages = cx.ecs.list_clusters().max_results(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("ecs ListClusters", error))?;
            arns.extend_from_slice(page.cluster_arns());
        }
        let mut found = Found::default();
        for arns in arns.chunks(100) {
            for cluster in describe(cx, arns.to_vec()).await? {
                note(&cluster, query, &mut found);
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let call = cx
            .ecs
            .create_cluster()
            .cluster_name(identity.name(NAME_LIMIT))
            .set_capacity_providers(some(self.capacity_providers.clone()))
            .set_default_capacity_provider_strategy(some(strategy_to_sdk(
                &self.default_capacity_provider_strategy,
            )?))
            .settings(insights(&self.container_insights))
            .set_configuration(self.configuration()?)
            .set_service_connect_defaults(match text(self.service_connect_namespace.as_ref())? {
                Some(namespace) => Some(connect_defaults(namespace)?),
                None => None,
            })
            .set_tags(tags_to_sdk(tags::for_create(identity, &self.written_tags(), false)));
        let answer = call.send().await.map_err(|error| classify("ecs CreateCluster", error))?;
        let cluster = answer
            .cluster()
            .ok_or_else(|| Failure::new(Class::LostAnswer, "the answer holds no cluster"))?;
        Ok(Progress::done(outputs(cluster)))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let name = live.outputs.name.as_str();
        let touched = |path| touches(changes, path);
        let configuration = touched("execute_command")
            || touched("managed_storage_kms_key")
            || touched("fargate_ephemeral_storage_kms_key");
        let insights_changed = touched("container_insights");
        let connect = touched("service_connect_namespace");
        if configuration || insights_changed || connect {
            let mut call = cx.ecs.update_cluster().cluster(name);
            if insights_changed {
                call = call.settings(insights(&self.container_insights));
            }
            if configuration {
                call = call.configuration(self.whole_configuration()?);
            }
            if connect {
                // An empty name takes the default away.
                let namespace = text(self.service_connect_namespace.as_ref())?.unwrap_or_default();
                call = call.service_connect_defaults(connect_defaults(namespace)?);
            }
            call.send().await.map_err(|error| classify("ecs UpdateCluster", error))?;
        }
        if touched("capacity_providers") || touched("default_capacity_provider_strategy") {
            let strategy = strategy_to_sdk(&self.default_capacity_provider_strategy)?;
            capacity_provider::put(cx, name, &self.capacity_providers, strategy).await?;
        }
        if touched("tags") || touched("protect") || touched("expires") {
            let (before, after) = (live.spec.written_tags(), self.written_tags());
            retag(cx, live.outputs.arn.as_str(), &before, &after).await?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let name = live.outputs.name.as_str();
        let call = cx.ecs.delete_cluster().cluster(name);
        let mut sent = call.clone().send().await;
        let held =
            |error: &DeleteClusterError| error.is_cluster_contains_container_instances_exception();
        if sent.as_ref().is_err_and(|error| error.as_service_error().is_some_and(held))
            && outside::let_go(cx, name).await?
        {
            sent = call.send().await;
        }
        match sent.map_err(|error| classify("ecs DeleteCluster", error)) {
            Ok(_) => Ok(Progress::deleted()),
            Err(failure) if failure.class == Class::Gone => Ok(Progress::deleted()),
            Err(failure) => Err(failure),
        }
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for some in waiting.chunks(100) {
            let arns = some.iter().map(|one| one.outputs.arn.to_string()).collect();
            let clusters = describe(cx, arns).await?;
            healths.extend(some.iter().map(|one| {
                let arn = Some(one.outputs.arn.as_str());
                let cluster = clusters.iter().find(|cluster| cluster.cluster_arn() == arn);
                cluster.map_or(Health::Gone, health)
            }));
        }
        Ok(healths)
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let clusters = describe(cx, vec![id.to_owned()]).await?;
        let Some(cluster) = clusters.iter().find(|cluster| is_there(cluster)) else {
            return Ok(None);
        };
        let make = |identity, own| live(cluster, identity, own);
        let existing = Existing::of(tags_from_sdk(cluster.tags()), wanted, make);
        Ok(Some(existing.named(cluster.cluster_name().unwrap_or_default())))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        claim(cx, live.outputs.arn.as_str(), tags.clone()).await
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }
}

/// The longest name that ECS takes.
const NAME_LIMIT: usize = 255;

async fn describe(cx: &Cx, arns: Vec<String>) -> Result<Vec<SdkCluster>, Failure> {
    let answer = cx
        .ecs
        .describe_clusters()
        .set_clusters(Some(arns))
        .include(ClusterField::Settings)
        .include(ClusterField::Configurations)
        .include(ClusterField::Tags)
        .send()
        .await
        .map_err(|error| classify("ecs DescribeClusters", error))?;
    Ok(answer.clusters.unwrap_or_default())
}

impl Cluster {
    /// The user's own tags, and those that say how long it stays.
    fn written_tags(&self) -> Tags {
        let mut tags = self.tags.clone();
        if self.protect {
            tags.insert(TAG_PROTECT.to_owned(), "true".to_owned());
        }
        if let Some(at) = &self.expires {
            tags.insert(TAG_EXPIRES.to_owned(), at.clone());
        }
        tags
    }

    /// What to send when a cluster is made: nothing where all is default.
    fn configuration(&self) -> Result<Option<ClusterConfiguration>, Failure> {
        let plain = self.execute_command == ExecuteCommand::default()
            && self.managed_storage_kms_key.is_none()
            && self.fargate_ephemeral_storage_kms_key.is_none();
        if plain { Ok(None) } else { self.whole_configuration().map(Some) }
    }

    /// Every part of the configuration, so that what was taken away is gone.
    fn whole_configuration(&self) -> Result<ClusterConfiguration, Failure> {
        let execute = &self.execute_command;
        let log_group = text(execute.log_group.as_ref())?;
        let overrides = execute.logging == "OVERRIDE";
        let log_configuration = overrides.then(|| {
            ExecuteCommandLogConfiguration::builder()
                .set_cloud_watch_log_group_name(log_group)
                .cloud_watch_encryption_enabled(execute.log_group_encrypted)
                .set_s3_bucket_name(execute.bucket.clone())
                .s3_encryption_enabled(execute.bucket_encrypted)
                .set_s3_key_prefix(execute.bucket_prefix.clone())
                .build()
        });
        Ok(ClusterConfiguration::builder()
            .execute_command_configuration(
                ExecuteCommandConfiguration::builder()
                    .logging(execute.logging.as_str().into())
                    .set_kms_key_id(execute.kms_key.clone())
                    .set_log_configuration(log_configuration)
                    .build(),
            )
            .managed_storage_configuration(
                ManagedStorageConfiguration::builder()
                    .set_kms_key_id(self.managed_storage_kms_key.clone())
                    .set_fargate_ephemeral_storage_kms_key_id(
                        self.fargate_ephemeral_storage_kms_key.clone(),
                    )
                    .build(),
            )
            .build())
    }
}

fn insights(value: &str) -> ClusterSetting {
    ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value(value).build()
}

fn connect_defaults(namespace: String) -> Result<ClusterServiceConnectDefaultsRequest, Failure> {
    built(ClusterServiceConnectDefaultsRequest::builder().namespace(namespace).build())
}

/// Deleted clusters are shown for a while.
fn is_there(cluster: &SdkCluster) -> bool {
    matches!(cluster.status(), Some("ACTIVE" | "PROVISIONING" | "FAILED"))
}

fn live(cluster: &SdkCluster, identity: Identity, tags: Tags) -> Live<Cluster> {
    let outputs = outputs(cluster);
    Live {
        spec: spec(cluster, tags),
        health: health(cluster),
        id: outputs.arn.to_string(),
        identity,
        outputs,
    }
}

/// Sorts one described cluster into ours, foreign and none of our business.
fn note(cluster: &SdkCluster, query: &Query<'_>, found: &mut Found<Cluster>) {
    if !is_there(cluster) {
        return;
    }
    let all = tags_from_sdk(cluster.tags());
    let outputs = outputs(cluster);
    match tags::identity(&all, query) {
        Some(identity) => {
            let own = tags::own(&all, &identity);
            found.owned.push(live(cluster, identity, own));
        }
        None => {
            let named = |wanted: &&Identity| wanted.name(NAME_LIMIT) == outputs.name.as_str();
            found.foreign.extend(
                query
                    .wanted
                    .iter()
                    .find(named)
                    .map(|wanted| tags::foreign(wanted, outputs.arn.as_str(), &all)),
            );
        }
    }
}

fn health(cluster: &SdkCluster) -> Health {
    match (cluster.status(), cluster.attachments_status()) {
        (Some("INACTIVE"), _) => Health::Gone,
        (Some("FAILED"), _) => Health::Failed("its capacity could not be set up".to_owned()),
        (Some("PROVISIONING"), _) => Health::Pending("provisioning".to_owned()),
        (Some("DEPROVISIONING"), _) => Health::Pending("deprovisioning".to_owned()),
        (_, Some("UPDATE_IN_PROGRESS")) => {
            Health::Pending("its capacity providers are being updated".to_owned())
        }
        (_, Some("UPDATE_FAILED")) => {
            Health::Failed("its capacity providers could not be updated".to_owned())
        }
        _ => Health::Ready,
    }
}

fn outputs(cluster: &SdkCluster) -> ClusterOutputs {
    ClusterOutputs {
        arn: cluster.cluster_arn().unwrap_or_default().into(),
        name: cluster.cluster_name().unwrap_or_default().into(),
    }
}

fn spec(cluster: &SdkCluster, tags: Tags) -> Cluster {
    let insights = cluster
        .settings()
        .iter()
        .find(|setting| setting.name() == Some(&ClusterSettingName::ContainerInsights));
    let configuration = cluster.configuration();
    let execute = configuration.and_then(|all| all.execute_command_configuration());
    let log = execute.and_then(|execute| execute.log_configuration());
    let storage = configuration.and_then(|all| all.managed_storage_configuration());
    Cluster {
        capacity_providers: sorted(cluster.capacity_providers())
            .into_iter()
            .filter(|name| name.starts_with("FARGATE"))
            .collect(),
        default_capacity_provider_strategy: strategy_from_sdk(
            cluster.default_capacity_provider_strategy(),
        ),
        container_insights: insights
            .and_then(|setting| setting.value())
            .unwrap_or("disabled")
            .to_owned(),
        execute_command: ExecuteCommand {
            logging: execute
                .and_then(|execute| execute.logging())
                .map_or("DEFAULT", |logging| logging.as_str())
                .to_owned(),
            kms_key: given(execute.and_then(|execute| execute.kms_key_id())),
            log_group: known(log.and_then(|log| log.cloud_watch_log_group_name())),
            log_group_encrypted: log.is_some_and(|log| log.cloud_watch_encryption_enabled()),
            bucket: given(log.and_then(|log| log.s3_bucket_name())),
            bucket_encrypted: log.is_some_and(|log| log.s3_encryption_enabled()),
            bucket_prefix: given(log.and_then(|log| log.s3_key_prefix())),
        },
        managed_storage_kms_key: given(storage.and_then(|storage| storage.kms_key_id())),
        fargate_ephemeral_storage_kms_key: given(
            storage.and_then(|storage| storage.fargate_ephemeral_storage_kms_key_id()),
        ),
        service_connect_namespace: known(
            cluster.service_connect_defaults().and_then(|defaults| defaults.namespace()),
        ),
        protect: tags_from_sdk(cluster.tags())
            .get(TAG_PROTECT)
            .is_some_and(|value| value == "true"),
        expires: tags_from_sdk(cluster.tags()).get(TAG_EXPIRES).cloned(),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ecs_leaves_out_is_spelt_out() {
        let bare = SdkCluster::builder().cluster_name("demo-test").status("ACTIVE").build();
        assert_eq!(spec(&bare, Tags::new()), Cluster::default());
    }

    #[test]
    fn a_cluster_reads_back_as_it_was_written() {
        let desired = Cluster {
            capacity_providers: vec!["FARGATE".into(), "FARGATE_SPOT".into()],
            default_capacity_provider_strategy: vec![CapacityProviderStrategyItem::of(
                "FARGATE", 1, 0,
            )],
            container_insights: "enhanced".into(),
            execute_command: ExecuteCommand {
                logging: "OVERRIDE".into(),
                kms_key: Some("arn:key".into()),
                log_group: Some(Input::Known("/shipit/demo/test/exec".into())),
                log_group_encrypted: true,
                bucket: Some("bucket".into()),
                bucket_encrypted: true,
                bucket_prefix: Some("exec".into()),
            },
            managed_storage_kms_key: Some("arn:storage".into()),
            fargate_ephemeral_storage_kms_key: Some("arn:ephemeral".into()),
            service_connect_namespace: None,
            protect: false,
            expires: None,
            tags: Tags::from([("team".into(), "blue".into())]),
        };
        let strategy = strategy_to_sdk(&desired.default_capacity_provider_strategy).unwrap();
        let live = SdkCluster::builder()
            .set_capacity_providers(Some(vec!["FARGATE_SPOT".into(), "FARGATE".into()]))
            .set_default_capacity_provider_strategy(Some(strategy))
            .settings(insights("enhanced"))
            .configuration(desired.whole_configuration().unwrap())
            .build();
        assert_eq!(spec(&live, desired.tags.clone()), desired);
    }

    #[test]
    fn a_plain_cluster_sends_no_configuration() {
        assert_eq!(Cluster::default().configuration().unwrap(), None);
    }
}
