//! Clusters: made, read, deleted. What changes them is in `reconfigure` and `upgrade`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::versions::{self, Support};
use super::{
    ADDONS, ASSOCIATIONS, CAPABILITIES, CLUSTERS, ENTRIES, NODEGROUPS, PROFILES, PROVIDERS, UPDATES,
};
use super::{
    access, auto_mode, check, cluster_of, components, config, endpoint, in_use, invalid, names,
    names_in, network, over_at, refused, remove, tags_of, update,
};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::network as ec2;
use crate::local::error::AwsError;
use crate::local::{KubernetesServer, sts};

/// Who signs the API server's certificates where nothing is behind the endpoint: made once, its key thrown away.
const AUTHORITY: &str = include_str!("authority.pem");

/// The most clusters of a region.
const MOST: usize = 100;

/// The state that its times say.
pub(super) fn status(call: &Call<'_>, cluster: &Value) -> &'static str {
    let own = &cluster["own"];
    match own {
        _ if own.has("deleting") => "DELETING",
        _ if own.time("ready") > call.now => "CREATING",
        _ if own.time("updating") > call.now => "UPDATING",
        _ => "ACTIVE",
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("name")?;
    check::name("cluster name", &name, 100)?;
    let token = call.input.optional_text("clientRequestToken")?;
    let tags = call.input.map("tags")?;
    let mut cluster = wanted(call)?;
    if let Some(old) = call.get(CLUSTERS, &name) {
        if token.is_some() && old["own"].text("token") == token.clone().unwrap_or_default() {
            return Ok(json!({"cluster": wire(call, &old)}));
        }
        return Err(in_use(format!("Cluster already exists with name: {name}"))
            .with("clusterName", name.as_str()));
    }
    if call.scan(CLUSTERS, "").len() >= MOST {
        let message = format!("The limit of {MOST} clusters in the region is reached");
        return Err(AwsError::new("ResourceLimitExceededException", message));
    }
    let arn = call.arn("eks", &format!("cluster/{name}"));
    let vpc = cluster["resourcesVpcConfig"].clone();
    let group = network::make(call, &name, vpc.text("vpcId"))?;
    let mut placed = vpc.clone();
    placed.set("clusterSecurityGroupId", group);
    let interfaces = network::interfaces(call, &name, &placed)?;
    let ready = call.ready_at(durations::EKS_CLUSTER);
    let id = call.ids.hex(32).to_uppercase();
    let zone = call.ids.of(b"abcdefghijklmnopqrstuvwxyz0123456789", 3);
    let mut own = cluster["own"].clone();
    own.set("token", token);
    own.set("created", call.now);
    own.set("ready", ready);
    own.set("id", id.clone());
    own.set("interfaces", interfaces);
    own.set("placed", json!([vpc["subnetIds"], vpc["securityGroupIds"]]));
    own.set("endpoint", format!("https://{id}.{zone}.{}.eks.amazonaws.com", call.region));
    if let Some(KubernetesServer { endpoint, certificate_authority }) = call.kubernetes.clone() {
        own.set("endpoint", endpoint);
        own.set("authority", certificate_authority);
    }
    cluster.set("name", name.clone());
    cluster.set("arn", arn.clone());
    cluster.set("resourcesVpcConfig", placed);
    cluster.set("own", own);
    call.add_tags(&arn, tags)?;
    call.put(CLUSTERS, &name, cluster.clone());
    entries(call, &name, &cluster);
    let mut shown = wire(call, &cluster);
    shown.set("status", "CREATING");
    Ok(json!({"cluster": shown}))
}

/// The access entries that a cluster begins with.
fn entries(call: &mut Call<'_>, name: &str, cluster: &Value) {
    if cluster["accessConfig"].text("authenticationMode") == "CONFIG_MAP" {
        return;
    }
    if cluster["own"].flag("bootstrapAdmin") {
        let (_, who) = sts::identity(call);
        let who = access::principal_of(who.as_str().unwrap_or_default());
        access::make_own(call, name, &who, "STANDARD", Some("AmazonEKSClusterAdminPolicy"));
    }
    let linked = call
        .global_arn("iam", "role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS");
    access::make_own(call, name, &linked, "STANDARD", Some("AmazonEKSClusterInsightsPolicy"));
    auto_mode::follow(call, name);
}

/// The members of the cluster that the input asks for.
fn wanted(call: &Call<'_>) -> Result<Value, AwsError> {
    let input = &call.input;
    let version = input.optional_text("version")?;
    let version = match &version {
        Some(text) => versions::supported(call, text)?,
        None => versions::default(),
    };
    let role_arn = input.text("roleArn")?;
    let role = config::role(call, &role_arn)?;
    let vpc = endpoint::create(call)?;
    let net = input.optional_structure("kubernetesNetworkConfig")?;
    let family = net.as_ref().map(|net| net.optional_one_of("ipFamily", &["ipv4", "ipv6"]));
    let family = family.transpose()?.flatten().unwrap_or_else(|| "ipv4".to_owned());
    let block = net.as_ref().map(|net| net.optional_text("serviceIpv4Cidr")).transpose()?.flatten();
    let auto = auto_mode::Given::read(call, net.as_ref())?;
    let on = auto.on()?;
    let mut network = json!({"ipFamily": family, "elasticLoadBalancing": {"enabled": on}});
    if let Some(balancing) = auto.balancing.clone() {
        network.set("elasticLoadBalancing", balancing);
    }
    let mut services = String::new();
    if family == "ipv6" {
        if block.is_some() {
            return Err(invalid("serviceIpv4Cidr cannot be specified if ipFamily is ipv6"));
        }
        if let Some(subnet) = vpc.texts("subnetIds").iter().find(|one| !ec2::has_ipv6(call, one)) {
            return Err(invalid(format!(
                "Subnet {subnet} has no IPv6 CIDR block, which a cluster with ipFamily ipv6 needs"
            )));
        }
        network.set("serviceIpv6Cidr", "fd30:1c53:5f8a::/108");
    } else {
        services = config::service_block(call, block, &vpc)?;
        network.set("serviceIpv4Cidr", services.clone());
    }
    let access = input.optional_structure("accessConfig")?;
    let mode = access.as_ref().map(|it| it.optional_one_of("authenticationMode", &config::MODES));
    let mode = mode.transpose()?.flatten().unwrap_or_else(|| "CONFIG_MAP".to_owned());
    let admin =
        access.as_ref().map(|it| it.optional_boolean("bootstrapClusterCreatorAdminPermissions"));
    let admin = admin.transpose()?.flatten().unwrap_or(true);
    let addons = input.optional_boolean("bootstrapSelfManagedAddons")?.unwrap_or(true);
    let policy =
        config::upgrade_policy(call)?.unwrap_or_else(|| json!({"supportType": "EXTENDED"}));
    if version.support(call.now) == Support::Extended && policy.text("supportType") == "STANDARD" {
        return Err(invalid(format!(
            "Kubernetes version {} is in extended support, which the upgrade policy STANDARD does not allow",
            version.text()
        )));
    }
    let mut cluster = json!({
        "version": version.text(),
        "platformVersion": format!("eks.{}", version.platform),
        "roleArn": role_arn,
        "kubernetesNetworkConfig": network,
        "logging": config::logging(call, None)?.unwrap_or_else(|| config::shown_logging(&[])),
        "accessConfig": {"authenticationMode": mode},
        "upgradePolicy": policy,
        "zonalShiftConfig": config::zonal_shift(call)?.unwrap_or_else(|| json!({"enabled": false})),
        "deletionProtection": input.optional_boolean("deletionProtection")?.unwrap_or(false),
        "controlPlaneScalingConfig":
            config::scaling(call)?.unwrap_or_else(|| json!({"tier": "standard"})),
        "own": {"bootstrapAdmin": admin, "bootstrapAddons": addons},
    });
    if on {
        auto_mode::check_cluster(&mode, Some(&role))?;
        if addons {
            return Err(invalid(
                "bootstrapSelfManagedAddons must be false for clusters with EKS Auto Mode",
            ));
        }
        let given = auto.compute.clone().unwrap_or_default();
        cluster.set("computeConfig", auto_mode::compute(call, &given, &Value::Null)?);
    } else if let Some(given) = &auto.compute {
        if given.has("nodeRoleArn") || !given.list("nodePools").is_empty() {
            return Err(invalid("Node pools and their role need computeConfig.enabled"));
        }
        cluster.set("computeConfig", json!({"enabled": false}));
    }
    if let Some(storage) = auto.storage {
        cluster.set("storageConfig", storage);
    }
    if let Some(remote) = config::remote_network(call, &vpc, &services)? {
        cluster.set("remoteNetworkConfig", remote);
    }
    if let Some(encryption) = config::encryption(call)? {
        cluster.set("encryptionConfig", encryption);
    }
    for (member, value) in components::read(call)? {
        cluster.set(member, value);
    }
    cluster.set("resourcesVpcConfig", vpc);
    Ok(cluster)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, cluster) = cluster_of(call)?;
    Ok(json!({"cluster": wire(call, &cluster)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    // Clusters elsewhere, which `include` adds, are not here.
    let include = call.input.texts("include")?;
    if let Some(other) = include.iter().find(|one| *one != "all") {
        return Err(invalid(format!("Invalid value {other} for include: it can be all")));
    }
    let all = call.scan(CLUSTERS, "").into_iter().map(|(name, _)| name).collect();
    names(call, "clusters", all)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, cluster) = cluster_of(call)?;
    if status(call, &cluster) == "DELETING" {
        return Ok(json!({"cluster": wire(call, &cluster)}));
    }
    let with = |error: AwsError| error.with("clusterName", name.as_str());
    if cluster.flag("deletionProtection") {
        return Err(with(refused(format!(
            "Cluster {name} cannot be deleted because deletion protection is enabled for it"
        ))));
    }
    if status(call, &cluster) == "CREATING" {
        return Err(with(in_use(format!("Cluster {name} is being created and cannot be deleted"))));
    }
    update::none_running(call, &cluster, &format!("cluster {name}"), &name)?;
    for (table, what) in
        [(NODEGROUPS, "nodegroups"), (PROFILES, "Fargate profiles"), (CAPABILITIES, "capabilities")]
    {
        if !names_in(call, table, &name).is_empty() {
            return Err(with(in_use(format!("Cluster has {what} attached"))));
        }
    }
    let at = call.ready_at(durations::EKS_CLUSTER_DELETION);
    call.update(CLUSTERS, &name, |cluster| {
        let mut own = cluster["own"].clone();
        own.set("deleting", at);
        cluster.set("own", own);
    });
    over_at(call, at, "cluster", &name);
    let mut shown = wire(call, &cluster);
    shown.set("status", "DELETING");
    Ok(json!({"cluster": shown}))
}

/// A cluster is gone, with all that was in it.
pub(super) fn gone(call: &mut Call<'_>, name: &str) {
    let Some(cluster) = call.get(CLUSTERS, name) else { return };
    network::leave(call, &cluster);
    for table in [ADDONS, ENTRIES, ASSOCIATIONS, PROVIDERS, UPDATES] {
        for (key, _) in call.scan(table, &format!("{name}/")) {
            remove(call, table, &key);
        }
    }
    remove(call, CLUSTERS, name);
}

/// A cluster as it is shown. What is behind the endpoint is known once it works.
pub(super) fn wire(call: &Call<'_>, cluster: &Value) -> Value {
    let own = &cluster["own"];
    let mut wire = cluster.clone();
    wire.unset("own");
    wire.set("status", status(call, cluster));
    wire.set("createdAt", call.time(own.time("created")));
    wire.set("tags", tags_of(call, cluster));
    wire.set("health", json!({"issues": issues(call, cluster)}));
    if own.has("token") {
        wire.set("clientRequestToken", own["token"].clone());
    }
    wire.set("certificateAuthority", json!({}));
    if own.time("ready") > call.now {
        return wire;
    }
    let id = own.text("id");
    let server = call.kubernetes.as_ref();
    let endpoint = server.map_or(own.text("endpoint"), |server| server.endpoint.as_str());
    let kept = if own.has("authority") { own.text("authority") } else { AUTHORITY };
    let authority = server.map_or(kept, |server| server.certificate_authority.as_str());
    wire.set("endpoint", endpoint);
    wire.set("certificateAuthority", json!({"data": STANDARD.encode(authority)}));
    let issuer = format!("https://oidc.eks.{}.amazonaws.com/id/{id}", call.region);
    wire.set("identity", json!({"oidc": {"issuer": issuer}}));
    wire
}

/// What has gone from around the cluster.
fn issues(call: &Call<'_>, cluster: &Value) -> Vec<Value> {
    let mut issues = Vec::new();
    let vpc = &cluster["resourcesVpcConfig"];
    let lost = |ids: Vec<&str>, there: &dyn Fn(&str) -> bool| -> Vec<String> {
        ids.into_iter().filter(|id| !there(id)).map(str::to_owned).collect()
    };
    let subnets = lost(vpc.texts("subnetIds"), &|id| ec2::subnet(call, id).is_some());
    if !subnets.is_empty() {
        let message = "One or more of the cluster's subnets could not be found";
        issues
            .push(json!({"code": "Ec2SubnetNotFound", "message": message, "resourceIds": subnets}));
    }
    let groups = lost(vpc.texts("securityGroupIds"), &|id| ec2::security_group(call, id).is_some());
    if !groups.is_empty() {
        let message = "One or more of the cluster's security groups could not be found";
        issues.push(
            json!({"code": "Ec2SecurityGroupNotFound", "message": message, "resourceIds": groups}),
        );
    }
    let role = cluster.text("roleArn");
    if check::role(call, role).is_none() {
        let message = "The cluster's IAM role could not be found";
        issues.push(json!({"code": "IamRoleNotFound", "message": message, "resourceIds": [role]}));
    }
    issues
}
