//! `UpdateClusterConfig`: one concern a call. And `AssociateEncryptionConfig`, which cannot be taken back.

use std::time::Duration;

use serde_json::{Value, json};

use super::update::{self, New, text};
use super::{CLUSTERS, active, auto_mode, components, config, endpoint, invalid, working};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

/// One concern that a call changes.
struct Concern {
    kind: &'static str,
    params: Vec<(&'static str, String)>,
    changes: Value,
    takes: Duration,
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, cluster) = working(call)?;
    if let Some(update) = update::repeated(call, CLUSTERS, &name)? {
        // What is asked for was read when the update began.
        accept_all(call);
        return Ok(json!({"update": update}));
    }
    let mut concerns = concerns(call, &cluster)?;
    let Some(concern) = concerns.pop() else {
        return Err(invalid("No changes needed: the request has no configuration"));
    };
    if !concerns.is_empty() {
        return Err(invalid("Only one type of update can be allowed.").with("clusterName", name));
    }
    active(call)?;
    let changed = concern.changes.as_object().into_iter().flatten();
    if changed.clone().all(|(member, value)| cluster[member.as_str()] == *value) {
        let members: Vec<&str> = changed.map(|(member, _)| member.as_str()).collect();
        return Err(invalid(match members.as_slice() {
            ["logging"] => "No changes needed for the logging config provided".to_owned(),
            _ => format!("No changes needed for the {} provided", members.join(", ")),
        })
        .with("clusterName", name));
    }
    let begun = update::begin(
        call,
        New {
            cluster: name.clone(),
            within: None,
            table: CLUSTERS,
            key: name,
            kind: concern.kind,
            params: concern.params,
            changes: concern.changes,
            takes: concern.takes,
        },
    )?;
    Ok(json!({"update": begun}))
}

fn accept_all(call: &Call<'_>) {
    for member in [
        "resourcesVpcConfig",
        "logging",
        "accessConfig",
        "upgradePolicy",
        "zonalShiftConfig",
        "computeConfig",
        "kubernetesNetworkConfig",
        "storageConfig",
        "remoteNetworkConfig",
        "deletionProtection",
        "controlPlaneScalingConfig",
    ] {
        call.input.accept(member);
    }
    for member in components::MEMBERS {
        call.input.accept(member);
    }
}

fn concerns(call: &Call<'_>, cluster: &Value) -> Result<Vec<Concern>, AwsError> {
    let mut found = Vec::new();
    if let Some((kind, vpc)) = endpoint::update(call, &cluster["resourcesVpcConfig"])? {
        let params = match kind {
            "VpcConfigUpdate" => vec![
                ("Subnets", text(&vpc["subnetIds"])),
                ("SecurityGroups", text(&vpc["securityGroupIds"])),
            ],
            "ControlPlaneEgressUpdate" => {
                vec![("ControlPlaneEgressMode", text(&vpc["controlPlaneEgressMode"]))]
            }
            _ => vec![
                ("EndpointPublicAccess", text(&vpc["endpointPublicAccess"])),
                ("EndpointPrivateAccess", text(&vpc["endpointPrivateAccess"])),
                ("PublicAccessCidrs", text(&vpc["publicAccessCidrs"])),
            ],
        };
        let changes = json!({"resourcesVpcConfig": vpc});
        found.push(Concern { kind, params, changes, takes: durations::EKS_ENDPOINT });
    }
    let mut simple = |kind, param, member: &str, value: Option<Value>, takes| {
        if let Some(value) = value {
            let params = vec![(param, text(&value))];
            found.push(Concern { kind, params, changes: json!({member: value}), takes });
        }
    };
    let logging = config::logging(call, Some(&cluster["logging"]))?;
    simple("LoggingUpdate", "ClusterLogging", "logging", logging, durations::EKS_CONFIG);
    let mode = access(call, cluster)?;
    simple("AccessConfigUpdate", "AuthenticationMode", "accessConfig", mode, durations::EKS_NOTE);
    let policy = config::upgrade_policy(call)?;
    simple("UpgradePolicyUpdate", "UpgradePolicy", "upgradePolicy", policy, durations::EKS_NOTE);
    let shift = config::zonal_shift(call)?;
    simple(
        "ZonalShiftConfigUpdate",
        "ZonalShiftConfig",
        "zonalShiftConfig",
        shift,
        durations::EKS_NOTE,
    );
    let services = cluster["kubernetesNetworkConfig"].text("serviceIpv4Cidr").to_owned();
    let remote = config::remote_network(call, &cluster["resourcesVpcConfig"], &services)?;
    simple(
        "RemoteNetworkConfigUpdate",
        "RemoteNetworkConfig",
        "remoteNetworkConfig",
        remote,
        durations::EKS_CONFIG,
    );
    let protection = call.input.optional_boolean("deletionProtection")?.map(Value::from);
    simple(
        "DeletionProtectionUpdate",
        "DeletionProtection",
        "deletionProtection",
        protection,
        durations::EKS_NOTE,
    );
    let tier = config::scaling(call)?;
    simple(
        "ControlPlaneScalingConfigUpdate",
        "UpdatedTier",
        "controlPlaneScalingConfig",
        tier,
        durations::EKS_CONFIG,
    );
    let components = components::read(call)?;
    if !components.is_empty() {
        let params = components.iter().map(|(member, value)| {
            let kind = match *member {
                "kubeApiServerConfig" => "KubeApiServerConfig",
                "kubeSchedulerConfig" => "KubeSchedulerConfig",
                _ => "KubeControllerManagerConfig",
            };
            (kind, text(value))
        });
        let params = params.collect();
        let changes = components.into_iter().map(|(member, value)| (member.to_owned(), value));
        found.push(Concern {
            kind: "ControlPlaneComponentConfigUpdate",
            params,
            changes: Value::Object(changes.collect()),
            takes: durations::EKS_CONFIG,
        });
    }
    found.extend(auto(call, cluster)?);
    Ok(found)
}

/// `accessConfig`: from the config map to the API, and never back.
fn access(call: &Call<'_>, cluster: &Value) -> Result<Option<Value>, AwsError> {
    let Some(input) = call.input.optional_structure("accessConfig")? else { return Ok(None) };
    let Some(mode) = input.optional_one_of("authenticationMode", &config::MODES)? else {
        return Err(invalid("accessConfig changes nothing"));
    };
    let old = cluster["accessConfig"].text("authenticationMode");
    let place = |mode: &str| match mode {
        "CONFIG_MAP" => 0,
        "API_AND_CONFIG_MAP" => 1,
        _ => 2,
    };
    if place(&mode) < place(old) || place(&mode) == 2 && place(old) == 0 {
        return Err(invalid(format!(
            "Unsupported authentication mode update from {old} to {mode}"
        )));
    }
    Ok(Some(json!({"authenticationMode": mode})))
}

/// Auto Mode: on, off, or its node pools.
fn auto(call: &Call<'_>, cluster: &Value) -> Result<Option<Concern>, AwsError> {
    let network = call.input.optional_structure("kubernetesNetworkConfig")?;
    let given = auto_mode::Given::read(call, network.as_ref())?;
    if let Some(network) = &network
        && (network.has("serviceIpv4Cidr") || network.has("ipFamily"))
    {
        network.accept("serviceIpv4Cidr");
        network.accept("ipFamily");
        return Err(invalid(
            "serviceIpv4Cidr and ipFamily can only be given when a cluster is created",
        ));
    }
    if !given.any() {
        return Ok(None);
    }
    let on = given.on()?;
    let old = cluster.get("computeConfig").cloned().unwrap_or_default();
    let compute = match (on, &given.compute) {
        (true, Some(compute)) => {
            let mode = cluster["accessConfig"].text("authenticationMode");
            let role = super::check::role(call, cluster.text("roleArn"));
            auto_mode::check_cluster(mode, role.as_ref())?;
            auto_mode::compute(call, compute, &old)?
        }
        _ => json!({"enabled": false}),
    };
    let storage = json!({"blockStorage": {"enabled": on}});
    let mut net = cluster["kubernetesNetworkConfig"].clone();
    net.set("elasticLoadBalancing", given.balancing.unwrap_or_else(|| json!({"enabled": on})));
    Ok(Some(Concern {
        kind: "AutoModeUpdate",
        params: vec![
            ("ComputeConfig", text(&compute)),
            ("StorageConfig", text(&storage)),
            ("KubernetesNetworkConfig", text(&net["elasticLoadBalancing"])),
        ],
        changes: json!({
            "computeConfig": compute, "storageConfig": storage, "kubernetesNetworkConfig": net,
        }),
        takes: durations::EKS_CONFIG,
    }))
}

pub(super) fn encrypt(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, cluster) = active(call)?;
    let given = config::encryption(call)?.ok_or_else(|| call.input.missing("encryptionConfig"))?;
    if cluster.has("encryptionConfig") {
        return Err(invalid("Cluster already has an encryption config; it cannot be changed")
            .with("clusterName", name));
    }
    let begun = update::begin(
        call,
        New {
            cluster: name.clone(),
            within: None,
            table: CLUSTERS,
            key: name,
            kind: "AssociateEncryptionConfig",
            params: vec![("EncryptionConfig", text(&given))],
            changes: json!({"encryptionConfig": given}),
            takes: durations::EKS_API_SERVER,
        },
    )?;
    Ok(json!({"update": begun}))
}
