//! A load balancer's attributes: typed here, a list of keys and texts in the API.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::LoadBalancerAttribute;
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, Input};
use crate::resources::elbv2::words::{DesyncMitigation, ForwardedFor, LoadBalancerType};
use crate::resources::s3::BucketName;

/// How a load balancer treats requests and connections; the default is AWS's. Attributes that are no
/// fields here are left as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerAttributes {
    /// Seconds without data after which a connection is closed, 1 to 4000.
    pub idle_timeout: i32,
    /// Seconds a client's connection may live, 60 to 604,800.
    pub client_keep_alive: i32,
    /// Clients may speak HTTP/2.
    pub http2: bool,
    /// It cannot be deleted.
    pub deletion_protection: bool,
    /// Headers with invalid names are removed before targets see them.
    pub drop_invalid_headers: bool,
    /// Targets see the `Host` header as the client sent it.
    pub preserve_host_header: bool,
    /// Targets learn TLS version and cipher from two extra headers.
    pub tls_headers: bool,
    /// What happens to the `X-Forwarded-For` header.
    pub forwarded_for: ForwardedFor,
    /// `X-Forwarded-For` holds the client's port too.
    pub forwarded_for_port: bool,
    /// How dubious requests are handled.
    pub desync_mitigation: DesyncMitigation,
    /// Requests pass when the web firewall cannot be asked.
    pub firewall_fail_open: bool,
    /// Network load balancers: each zone's addresses lead to targets in all zones. Application load
    /// balancers always do so, and have `false` here.
    #[serde(default)]
    pub cross_zone: bool,
    /// A zone may be shifted away from.
    pub zonal_shift: bool,
    /// Where requests are logged.
    pub access_logs: Option<LogDelivery>,
    /// Where connections are logged.
    pub connection_logs: Option<LogDelivery>,
    /// Where health checks are logged.
    pub health_check_logs: Option<LogDelivery>,
}

/// A bucket that logs are put into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDelivery {
    /// The bucket; in the same region, with a policy that lets load balancers write.
    pub bucket: Input<BucketName>,
    /// What keys begin with; may be empty.
    pub prefix: String,
}

impl Default for LoadBalancerAttributes {
    fn default() -> Self {
        Self {
            idle_timeout: 60,
            client_keep_alive: 3600,
            http2: true,
            deletion_protection: false,
            drop_invalid_headers: false,
            preserve_host_header: false,
            tls_headers: false,
            forwarded_for: ForwardedFor::Append,
            forwarded_for_port: false,
            desync_mitigation: DesyncMitigation::Defensive,
            firewall_fail_open: false,
            cross_zone: false,
            zonal_shift: false,
            access_logs: None,
            connection_logs: None,
            health_check_logs: None,
        }
    }
}

const LOGS: [&str; 3] = ["access_logs", "connection_logs", "health_check_logs"];
const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
/// What keys of attributes that network load balancers have begin with.
const OF_NETWORK: [&str; 4] = ["access_logs.", "deletion_protection.", "zonal_shift.", CROSS_ZONE];

impl LoadBalancerAttributes {
    /// As the API writes them.
    fn texts(&self, kind: &LoadBalancerType) -> Result<BTreeMap<String, String>, Failure> {
        let mut texts: BTreeMap<String, String> = [
            ("idle_timeout.timeout_seconds", self.idle_timeout.to_string()),
            ("client_keep_alive.seconds", self.client_keep_alive.to_string()),
            ("routing.http2.enabled", self.http2.to_string()),
            ("deletion_protection.enabled", self.deletion_protection.to_string()),
            (
                "routing.http.drop_invalid_header_fields.enabled",
                self.drop_invalid_headers.to_string(),
            ),
            ("routing.http.preserve_host_header.enabled", self.preserve_host_header.to_string()),
            (
                "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
                self.tls_headers.to_string(),
            ),
            ("routing.http.xff_header_processing.mode", self.forwarded_for.as_str().to_owned()),
            ("routing.http.xff_client_port.enabled", self.forwarded_for_port.to_string()),
            ("routing.http.desync_mitigation_mode", self.desync_mitigation.as_str().to_owned()),
            ("waf.fail_open.enabled", self.firewall_fail_open.to_string()),
            ("zonal_shift.config.enabled", self.zonal_shift.to_string()),
        ]
        .into_iter()
        .map(|(key, text)| (key.to_owned(), text))
        .collect();
        let logs = [&self.access_logs, &self.connection_logs, &self.health_check_logs];
        for (name, logs) in LOGS.into_iter().zip(logs) {
            texts.insert(format!("{name}.s3.enabled"), logs.is_some().to_string());
            if let Some(logs) = logs {
                let bucket = logs.bucket.get()?;
                texts.insert(format!("{name}.s3.bucket"), bucket.as_str().to_owned());
                texts.insert(format!("{name}.s3.prefix"), logs.prefix.clone());
            }
        }
        if *kind == LoadBalancerType::Network {
            texts.insert(CROSS_ZONE.to_owned(), self.cross_zone.to_string());
            texts.retain(|key, _| OF_NETWORK.iter().any(|start| key.starts_with(start)));
        }
        Ok(texts)
    }

    /// Read back; what is absent has its default.
    fn from_texts(texts: &BTreeMap<String, String>, kind: &LoadBalancerType) -> Self {
        let default = Self::default();
        let flag = |key: &str, default: bool| texts.get(key).map_or(default, |text| text == "true");
        let number = |key: &str, default: i32| {
            texts.get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        let logs = |name: &str| {
            let part =
                |key: &str| texts.get(&format!("{name}.s3.{key}")).cloned().unwrap_or_default();
            (part("enabled") == "true").then(|| LogDelivery {
                bucket: Input::Known(part("bucket").as_str().into()),
                prefix: part("prefix"),
            })
        };
        Self {
            idle_timeout: number("idle_timeout.timeout_seconds", default.idle_timeout),
            client_keep_alive: number("client_keep_alive.seconds", default.client_keep_alive),
            http2: flag("routing.http2.enabled", default.http2),
            deletion_protection: flag("deletion_protection.enabled", default.deletion_protection),
            drop_invalid_headers: flag("routing.http.drop_invalid_header_fields.enabled", false),
            preserve_host_header: flag("routing.http.preserve_host_header.enabled", false),
            tls_headers: flag("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", false),
            forwarded_for: texts
                .get("routing.http.xff_header_processing.mode")
                .map_or(default.forwarded_for, |text| text.as_str().into()),
            forwarded_for_port: flag("routing.http.xff_client_port.enabled", false),
            desync_mitigation: texts
                .get("routing.http.desync_mitigation_mode")
                .map_or(default.desync_mitigation, |text| text.as_str().into()),
            firewall_fail_open: flag("waf.fail_open.enabled", false),
            cross_zone: *kind == LoadBalancerType::Network && flag(CROSS_ZONE, false),
            zonal_shift: flag("zonal_shift.config.enabled", false),
            access_logs: logs("access_logs"),
            connection_logs: logs("connection_logs"),
            health_check_logs: logs("health_check_logs"),
        }
    }

    /// Writes those that differ from `live`, in one call, or none.
    pub(super) async fn write(
        &self,
        cx: &Cx,
        arn: &str,
        live: &Self,
        kind: &LoadBalancerType,
    ) -> Result<(), Failure> {
        let live = live.texts(kind)?;
        let differing: Vec<LoadBalancerAttribute> = self
            .texts(kind)?
            .into_iter()
            .filter(|(key, text)| live.get(key) != Some(text))
            .map(|(key, text)| LoadBalancerAttribute::builder().key(key).value(text).build())
            .collect();
        if differing.is_empty() {
            return Ok(());
        }
        cx.elbv2
            .modify_load_balancer_attributes()
            .load_balancer_arn(arn)
            .set_attributes(Some(differing))
            .send()
            .await
            .map_err(|error| classify("elbv2 ModifyLoadBalancerAttributes", error))?;
        Ok(())
    }
}

/// The attributes of a load balancer; `None` if it has gone.
pub(super) async fn read(
    cx: &Cx,
    arn: &str,
    kind: &LoadBalancerType,
) -> Result<Option<LoadBalancerAttributes>, Failure> {
    let answer = cx
        .elbv2
        .describe_load_balancer_attributes()
        .load_balancer_arn(arn)
        .send()
        .await
        .map_err(|error| classify("elbv2 DescribeLoadBalancerAttributes", error));
    match answer {
        Ok(answer) => {
            let texts = answer
                .attributes()
                .iter()
                .filter_map(|one| Some((one.key()?.to_owned(), one.value()?.to_owned())))
                .collect();
            Ok(Some(LoadBalancerAttributes::from_texts(&texts, kind)))
        }
        Err(failure) if failure.class == Class::Gone => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(prefix: &str) -> LogDelivery {
        LogDelivery { bucket: Input::Known("logs".into()), prefix: prefix.to_owned() }
    }

    #[test]
    fn attributes_read_back_as_they_were_written() {
        let changed = LoadBalancerAttributes {
            idle_timeout: 120,
            client_keep_alive: 600,
            http2: false,
            deletion_protection: true,
            drop_invalid_headers: true,
            preserve_host_header: true,
            tls_headers: true,
            forwarded_for: ForwardedFor::Preserve,
            forwarded_for_port: true,
            desync_mitigation: DesyncMitigation::Strictest,
            firewall_fail_open: true,
            cross_zone: false,
            zonal_shift: true,
            access_logs: Some(logs("web")),
            connection_logs: Some(logs("")),
            health_check_logs: None,
        };
        for attributes in [LoadBalancerAttributes::default(), changed] {
            let kind = LoadBalancerType::Application;
            let read = LoadBalancerAttributes::from_texts(&attributes.texts(&kind).unwrap(), &kind);
            assert_eq!(read, attributes);
        }
        let network = LoadBalancerType::Network;
        let changed = LoadBalancerAttributes {
            cross_zone: true,
            deletion_protection: true,
            ..LoadBalancerAttributes::default()
        };
        let texts = changed.texts(&network).unwrap();
        assert!(!texts.contains_key("idle_timeout.timeout_seconds"));
        assert_eq!(LoadBalancerAttributes::from_texts(&texts, &network), changed);
        assert_eq!(
            LoadBalancerAttributes::from_texts(&BTreeMap::new(), &network),
            LoadBalancerAttributes::default()
        );
    }
}
