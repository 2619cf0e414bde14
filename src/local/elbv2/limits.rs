//! What is the same in every account: TLS policies and limits.

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const TLS_10: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2"];
const TLS_11: &[&str] = &["TLSv1.1", "TLSv1.2"];
const TLS_12: &[&str] = &["TLSv1.2"];
const TLS_12_13: &[&str] = &["TLSv1.2", "TLSv1.3"];
const TLS_13: &[&str] = &["TLSv1.3"];

const OF_13: &[&str] =
    &["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const OF_12: &[&str] = &[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];
const OLDER: &[&str] = &[
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
];

/// A policy's name, its protocols, and its ciphers in groups.
type Policy = (&'static str, &'static [&'static str], &'static [&'static [&'static str]]);

/// The policies that are most in use; others are unknown here.
const POLICIES: &[Policy] = &[
    ("ELBSecurityPolicy-2016-08", TLS_10, &[OF_12, OLDER]),
    ("ELBSecurityPolicy-FS-1-2-2019-08", TLS_12, &[OF_12]),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", TLS_12, &[OF_12]),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", TLS_11, &[OF_12, OLDER]),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", TLS_12, &[OF_12, OLDER]),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", TLS_12, &[OF_12, OLDER]),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", TLS_12_13, &[OF_13, OF_12]),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", TLS_12_13, &[OF_13, OF_12, OLDER]),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", TLS_12_13, &[OF_13, OF_12, OLDER]),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", TLS_12_13, &[OF_13, OF_12]),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", TLS_13, &[OF_13]),
];

const LIMITS: &[(&str, &str)] = &[
    ("target-groups", "3000"),
    ("targets-per-application-load-balancer", "1000"),
    ("listeners-per-application-load-balancer", "50"),
    ("rules-per-application-load-balancer", "100"),
    ("network-load-balancers", "50"),
    ("targets-per-network-load-balancer", "3000"),
    ("targets-per-availability-zone-per-network-load-balancer", "500"),
    ("listeners-per-network-load-balancer", "50"),
    ("condition-values-per-alb-rule", "5"),
    ("condition-wildcards-per-alb-rule", "6"),
    ("target-groups-per-application-load-balancer", "100"),
    ("target-groups-per-action-on-application-load-balancer", "5"),
    ("certificates-per-application-load-balancer", "25"),
    ("targets-per-target-group", "1000"),
    ("application-load-balancers", "50"),
];

/// Is this the name of a policy?
pub(super) fn check_policy(name: &str) -> Result<(), AwsError> {
    match POLICIES.iter().any(|(known, ..)| *known == name) {
        true => Ok(()),
        false => Err(AwsError::new("SSLPolicyNotFound", format!("SSL policy '{name}' not found"))),
    }
}

pub(super) fn describe_ssl_policies(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let wanted = call.input.texts("Names")?;
    let kind = call.input.optional_one_of("LoadBalancerType", &["application", "network"])?;
    let marker = call.input.optional_text("Marker")?;
    let size = call.input.optional_integer_within("PageSize", 1, 400)?.unwrap_or(400);
    wanted.iter().try_for_each(|name| check_policy(name))?;
    let policy = |(name, protocols, ciphers): &Policy| {
        let ciphers = ciphers.iter().copied().flatten().enumerate();
        let ciphers: Vec<Value> =
            ciphers.map(|(at, cipher)| json!({"Name": cipher, "Priority": at + 1})).collect();
        let types = match &kind {
            Some(kind) => vec![kind.as_str()],
            None => vec!["application", "network"],
        };
        json!({
            "SslProtocols": protocols,
            "Ciphers": ciphers,
            "Name": name,
            "SupportedLoadBalancerTypes": types,
        })
    };
    let named = POLICIES
        .iter()
        .filter(|(name, ..)| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name));
    let policies: Vec<Value> = named.map(policy).collect();
    let page =
        call.page(policies, size as usize, marker.as_deref(), |it| it.text("Name").to_owned())?;
    Ok(json!({"SslPolicies": page.items, "NextMarker": page.next}))
}

pub(super) fn describe_account_limits(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let marker = call.input.optional_text("Marker")?;
    let size = call.input.optional_integer_within("PageSize", 1, 400)?.unwrap_or(400);
    let limits: Vec<Value> =
        LIMITS.iter().map(|(name, most)| json!({"Name": name, "Max": most})).collect();
    let page =
        call.page(limits, size as usize, marker.as_deref(), |it| it.text("Name").to_owned())?;
    Ok(json!({"Limits": page.items, "NextMarker": page.next}))
}
