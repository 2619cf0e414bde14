//! Load balancers: created, described, deleted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::attribute_keys;
use super::errors::{load_balancer_not_found, validation};
use super::network::{self, Placement};
use super::zones::hosted_zones;
use super::{LISTENERS, LOAD_BALANCERS, RULES, names, tags};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let name = input.text("Name")?;
    names::check("Load balancer", &name)?;
    let kind = input.optional_text("Type")?.unwrap_or_else(|| "application".to_owned());
    if !matches!(kind.as_str(), "application" | "network") {
        return Err(AwsError::not_modelled(format!(
            "local AWS models load balancers of type application and network, not {kind}"
        )));
    }
    let network = kind == "network";
    let scheme = input.optional_one_of("Scheme", &["internet-facing", "internal"])?;
    let scheme = scheme.unwrap_or_else(|| "internet-facing".to_owned());
    let mappings = network::subnets_of_input(call, network)?;
    let subnets: Vec<String> = mappings.iter().map(|it| it.subnet.clone()).collect();
    let groups = input.texts("SecurityGroups")?;
    let address_type = input
        .optional_one_of("IpAddressType", &["ipv4", "dualstack", "dualstack-without-public-ipv4"])?
        .unwrap_or_else(|| "ipv4".to_owned());
    let tags = tags::of_input(call)?;

    let placement = Placement::of(call, mappings, network)?;
    // A network load balancer that begins without security groups never has any.
    let groups = match network && groups.is_empty() {
        true => groups,
        false => network::check_groups(call, &placement.vpc, groups)?,
    };
    if network && address_type == "dualstack-without-public-ipv4" {
        return Err(validation(format!(
            "Load balancers of type 'network' cannot have the IP address type '{address_type}'"
        )));
    }
    network::check_address_type(call, &address_type, &scheme, &placement)?;
    if scheme == "internet-facing" && !ec2::network::has_internet_gateway(call, &placement.vpc) {
        let message = format!("VPC {} has no internet gateway", placement.vpc);
        return Err(AwsError::new("InvalidSubnet", message));
    }
    if let Some(existing) = call.get(LOAD_BALANCERS, &name) {
        let same = existing.text("Scheme") == scheme
            && existing.text("Type") == kind
            && existing.text("IpAddressType") == address_type
            && sorted(existing.texts("SecurityGroups"))
                == sorted(groups.iter().map(String::as_str).collect())
            && sorted(
                existing
                    .list("AvailabilityZones")
                    .iter()
                    .map(|zone| zone.text("SubnetId"))
                    .collect(),
            ) == sorted(subnets.iter().map(String::as_str).collect())
            && call.tags(existing.text("LoadBalancerArn")) == tags;
        if same {
            return Ok(json!({"LoadBalancers": [shown(call, &existing)]}));
        }
        return Err(AwsError::new(
            "DuplicateLoadBalancerName",
            format!(
                "A load balancer with the same name '{name}' exists, but with different settings"
            ),
        ));
    }

    let id = call.ids.hex(16);
    let word = if network { "net" } else { "app" };
    let arn = call.arn(names::SERVICE, &format!("loadbalancer/{word}/{name}/{id}"));
    let number = 1_000_000_000 + call.ids.below(1_000_000_000);
    let prefix = if scheme == "internal" { "internal-" } else { "" };
    let dns_name = match network {
        true => format!("{name}-{id}.elb.{}.amazonaws.com", call.region),
        false => format!("{prefix}{name}-{number}.{}.elb.amazonaws.com", call.region),
    };
    let [of_application, of_network] = hosted_zones(&call.region);
    let ready = call.ready_at(durations::LOAD_BALANCER);
    let mut document = json!({
        "LoadBalancerArn": arn,
        "DNSName": dns_name,
        "CanonicalHostedZoneId": if network { of_network } else { of_application },
        "Created": call.now,
        "LoadBalancerName": name,
        "Scheme": scheme,
        "VpcId": placement.vpc,
        "Ready": ready,
        "Type": kind,
        "AvailabilityZones": [],
        "SecurityGroups": groups,
        "IpAddressType": address_type,
        "Interfaces": {},
        "Attributes": attribute_keys::load_balancer_defaults(&kind, &scheme),
    });
    if network && !document.list("SecurityGroups").is_empty() {
        document.set("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "on");
    }
    network::place(call, &mut document, &placement)?;
    call.add_tags(&arn, tags)?;
    call.put(LOAD_BALANCERS, &name, document.clone());
    Ok(json!({"LoadBalancers": [shown(call, &document)]}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let arns = input.texts("LoadBalancerArns")?;
    let wanted = input.texts("Names")?;
    let marker = input.optional_text("Marker")?;
    let size = input.optional_integer_within("PageSize", 1, 400)?.unwrap_or(400);
    if !arns.is_empty() && !wanted.is_empty() {
        return Err(validation(
            "Load balancer names and load balancer ARNs cannot be specified at the same time",
        ));
    }
    if arns.len() > 20 || wanted.len() > 20 {
        return Err(validation(
            "Cannot have more than 20 load balancers specified in a single call",
        ));
    }
    let found: Vec<Arc<Value>> = if !arns.is_empty() {
        arns.iter().map(|arn| names::load_balancer(call, arn)).collect::<Result<_, _>>()?
    } else if !wanted.is_empty() {
        let by_name = |name: &String| {
            call.get(LOAD_BALANCERS, name).ok_or_else(|| load_balancer_not_found(name))
        };
        wanted.iter().map(by_name).collect::<Result<_, _>>()?
    } else {
        call.scan(LOAD_BALANCERS, "").into_iter().map(|(_, found)| found).collect()
    };
    let page = call.page(found, size as usize, marker.as_deref(), |found| {
        found.text("LoadBalancerName").to_owned()
    })?;
    let shown: Vec<Value> = page.items.iter().map(|found| shown(call, found)).collect();
    Ok(json!({"LoadBalancers": shown, "NextMarker": page.next}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("LoadBalancerArn")?;
    let found = match names::load_balancer(call, &arn) {
        Ok(found) => found,
        // Deleting what is gone succeeds.
        Err(error) if error.code == "LoadBalancerNotFound" => return Ok(json!({})),
        Err(error) => return Err(error),
    };
    if found["Attributes"].text("deletion_protection.enabled") == "true" {
        return Err(AwsError::new(
            "OperationNotPermitted",
            format!(
                "Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            ),
        ));
    }
    for (listener, _) in call.scan(LISTENERS, &names::listeners_of(&arn)) {
        remove_listener(call, &listener);
    }
    let interfaces: Vec<Value> = found["Interfaces"]
        .as_object()
        .map(|of| of.values().cloned().collect())
        .unwrap_or_default();
    for interface in interfaces.iter().filter_map(Value::as_str) {
        ec2::network::release_address(call, interface);
    }
    let gone = call.ready_at(durations::LOAD_BALANCER_INTERFACES);
    call.schedule(gone, json!({"interfaces": interfaces}));
    call.forget_tags(&arn);
    call.delete(LOAD_BALANCERS, found.text("LoadBalancerName"));
    Ok(json!({}))
}

/// Deletes a listener with its rules and all their tags.
pub(super) fn remove_listener(call: &mut Call<'_>, arn: &str) {
    for (rule, _) in call.scan(RULES, &names::rules_of(arn)) {
        call.forget_tags(&rule);
        call.delete(RULES, &rule);
    }
    call.forget_tags(arn);
    call.delete(LISTENERS, arn);
}

/// A load balancer as AWS shows it.
pub(super) fn shown(call: &Call<'_>, document: &Value) -> Value {
    let mut shown = document.clone();
    for inner in ["Created", "Ready", "Interfaces", "Attributes"] {
        shown.unset(inner);
    }
    let active = document.time("Ready") <= call.now;
    shown.set("CreatedTime", call.time(document.time("Created")));
    shown.set("State", json!({"Code": if active { "active" } else { "provisioning" }}));
    shown
}

fn sorted(mut texts: Vec<&str>) -> Vec<&str> {
    texts.sort_unstable();
    texts
}
