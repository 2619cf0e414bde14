//! A target group's attributes: typed here, a list of keys and texts in the API.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::TargetGroupAttribute;
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure};
use crate::resources::elbv2::words::{Algorithm, CrossZone};

/// How requests are spread over targets; the default is AWS's. Attributes that are no fields here are
/// left as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroupAttributes {
    /// Seconds that a target on its way out may still finish requests, 0 to 3600.
    pub deregistration_delay: i32,
    /// How a client stays with its target; `None`: it does not.
    pub stickiness: Option<Stickiness>,
    /// Seconds over which a new target's share grows, 30 to 900, or 0: at once.
    pub slow_start: i32,
    /// How a target is chosen.
    pub algorithm: Algorithm,
    /// Targets that fail more than others get fewer requests (with `weighted_random`).
    pub anomaly_mitigation: bool,
    /// Whether requests are spread over all zones.
    pub cross_zone: CrossZone,
    /// Network load balancers: what is still connected when the delay ends is cut off.
    #[serde(default)]
    pub end_connections: bool,
    /// Network load balancers: targets see the clients' addresses; always so for UDP.
    #[serde(default)]
    pub client_addresses: bool,
    /// Network load balancers: each connection begins with a header that says whose it is.
    #[serde(default)]
    pub proxy_protocol: bool,
}

/// How a client stays with its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Stickiness {
    /// By a cookie of the load balancer's.
    LoadBalancerCookie {
        /// Seconds, 1 to 604,800.
        duration: i32,
    },
    /// By the client's address (network load balancers).
    SourceAddress,
    /// By a cookie of the application's.
    ApplicationCookie {
        /// Its name.
        name: String,
        /// Seconds, 1 to 604,800.
        duration: i32,
    },
}

impl Default for TargetGroupAttributes {
    fn default() -> Self {
        Self {
            deregistration_delay: 300,
            stickiness: None,
            slow_start: 0,
            algorithm: Algorithm::RoundRobin,
            anomaly_mitigation: false,
            cross_zone: CrossZone::LoadBalancer,
            end_connections: false,
            client_addresses: false,
            proxy_protocol: false,
        }
    }
}

const DELAY: &str = "deregistration_delay.timeout_seconds";
const STICKY: &str = "stickiness.enabled";
const STICKY_TYPE: &str = "stickiness.type";
const BALANCER_DURATION: &str = "stickiness.lb_cookie.duration_seconds";
const APPLICATION_NAME: &str = "stickiness.app_cookie.cookie_name";
const APPLICATION_DURATION: &str = "stickiness.app_cookie.duration_seconds";
const SLOW_START: &str = "slow_start.duration_seconds";
const ALGORITHM: &str = "load_balancing.algorithm.type";
const ANOMALY: &str = "load_balancing.algorithm.anomaly_mitigation";
const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const END_CONNECTIONS: &str = "deregistration_delay.connection_termination.enabled";
const CLIENT_ADDRESSES: &str = "preserve_client_ip.enabled";
const PROXY_PROTOCOL: &str = "proxy_protocol_v2.enabled";
const DAY: i32 = 86_400;

impl TargetGroupAttributes {
    /// As the API writes them.
    fn texts(&self, network: bool) -> BTreeMap<String, String> {
        let mut texts = vec![
            (DELAY, self.deregistration_delay.to_string()),
            (STICKY, self.stickiness.is_some().to_string()),
            (SLOW_START, self.slow_start.to_string()),
            (ALGORITHM, self.algorithm.as_str().to_owned()),
            (ANOMALY, if self.anomaly_mitigation { "on" } else { "off" }.to_owned()),
            (CROSS_ZONE, self.cross_zone.as_str().to_owned()),
        ];
        match &self.stickiness {
            None => {}
            Some(Stickiness::SourceAddress) => texts.push((STICKY_TYPE, "source_ip".to_owned())),
            Some(Stickiness::LoadBalancerCookie { duration }) => {
                texts.push((STICKY_TYPE, "lb_cookie".to_owned()));
                texts.push((BALANCER_DURATION, duration.to_string()));
            }
            Some(Stickiness::ApplicationCookie { name, duration }) => {
                texts.push((STICKY_TYPE, "app_cookie".to_owned()));
                texts.push((APPLICATION_NAME, name.clone()));
                texts.push((APPLICATION_DURATION, duration.to_string()));
            }
        }
        if network {
            texts.retain(|(key, _)| ![SLOW_START, ALGORITHM, ANOMALY].contains(key));
            texts.push((END_CONNECTIONS, self.end_connections.to_string()));
            texts.push((CLIENT_ADDRESSES, self.client_addresses.to_string()));
            texts.push((PROXY_PROTOCOL, self.proxy_protocol.to_string()));
        }
        texts.into_iter().map(|(key, text)| (key.to_owned(), text)).collect()
    }

    /// Read back; what is absent has its default.
    fn from_texts(texts: &BTreeMap<String, String>) -> Self {
        let default = Self::default();
        let text = |key: &str| texts.get(key).map(String::as_str).unwrap_or_default();
        let number = |key: &str, default: i32| text(key).parse().unwrap_or(default);
        let stickiness = (text(STICKY) == "true").then(|| {
            if text(STICKY_TYPE) == "source_ip" {
                Stickiness::SourceAddress
            } else if text(STICKY_TYPE) == "app_cookie" {
                Stickiness::ApplicationCookie {
                    name: text(APPLICATION_NAME).to_owned(),
                    duration: number(APPLICATION_DURATION, DAY),
                }
            } else {
                Stickiness::LoadBalancerCookie { duration: number(BALANCER_DURATION, DAY) }
            }
        });
        Self {
            deregistration_delay: number(DELAY, default.deregistration_delay),
            stickiness,
            slow_start: number(SLOW_START, default.slow_start),
            algorithm: texts.get(ALGORITHM).map_or(default.algorithm, |text| text.as_str().into()),
            anomaly_mitigation: text(ANOMALY) == "on",
            cross_zone: texts
                .get(CROSS_ZONE)
                .map_or(default.cross_zone, |text| text.as_str().into()),
            end_connections: text(END_CONNECTIONS) == "true",
            client_addresses: text(CLIENT_ADDRESSES) == "true",
            proxy_protocol: text(PROXY_PROTOCOL) == "true",
        }
    }

    /// Writes those that differ from `live`, in one call, or none. A new target group has AWS's defaults, of which
    /// those behind network load balancers depend on the protocol: they are written all.
    pub(super) async fn write(
        &self,
        cx: &Cx,
        arn: &str,
        live: Option<&Self>,
        network: bool,
    ) -> Result<(), Failure> {
        let live = match (live, network) {
            (Some(live), _) => live.texts(network),
            (None, false) => Self::default().texts(false),
            (None, true) => BTreeMap::new(),
        };
        let differing: Vec<TargetGroupAttribute> = self
            .texts(network)
            .into_iter()
            .filter(|(key, text)| live.get(key) != Some(text))
            .map(|(key, text)| TargetGroupAttribute::builder().key(key).value(text).build())
            .collect();
        if differing.is_empty() {
            return Ok(());
        }
        cx.elbv2
            .modify_target_group_attributes()
            .target_group_arn(arn)
            .set_attributes(Some(differing))
            .send()
            .await
            .map_err(|error| classify("elbv2 ModifyTargetGroupAttributes", error))?;
        Ok(())
    }
}

/// The attributes of a target group; `None` if it has gone.
pub(super) async fn read(cx: &Cx, arn: String) -> Result<Option<TargetGroupAttributes>, Failure> {
    let answer = cx
        .elbv2
        .describe_target_group_attributes()
        .target_group_arn(arn)
        .send()
        .await
        .map_err(|error| classify("elbv2 DescribeTargetGroupAttributes", error));
    match answer {
        Ok(answer) => {
            let texts = answer
                .attributes()
                .iter()
                .filter_map(|one| Some((one.key()?.to_owned(), one.value()?.to_owned())))
                .collect();
            Ok(Some(TargetGroupAttributes::from_texts(&texts)))
        }
        Err(failure) if failure.class == Class::Gone => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_read_back_as_they_were_written() {
        let default = TargetGroupAttributes::default();
        let changed = TargetGroupAttributes {
            deregistration_delay: 60,
            stickiness: Some(Stickiness::LoadBalancerCookie { duration: 60 }),
            slow_start: 30,
            algorithm: Algorithm::WeightedRandom,
            anomaly_mitigation: true,
            cross_zone: CrossZone::On,
            ..default.clone()
        };
        let by_application = TargetGroupAttributes {
            stickiness: Some(Stickiness::ApplicationCookie { name: "session".into(), duration: 9 }),
            ..default.clone()
        };
        for attributes in [default.clone(), changed, by_application] {
            assert_eq!(TargetGroupAttributes::from_texts(&attributes.texts(false)), attributes);
        }
        let network = TargetGroupAttributes {
            stickiness: Some(Stickiness::SourceAddress),
            end_connections: true,
            client_addresses: true,
            proxy_protocol: true,
            ..default
        };
        assert_eq!(TargetGroupAttributes::from_texts(&network.texts(true)), network);
        assert_eq!(
            TargetGroupAttributes::from_texts(&BTreeMap::new()),
            TargetGroupAttributes::default()
        );
    }
}
