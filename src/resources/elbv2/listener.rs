//! A listener: one port of a load balancer, and what happens to requests that no rule matches.

use aws_sdk_elasticloadbalancingv2::types::{self as sdk, Certificate};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::Action;
use super::load_balancer::{LoadBalancer, LoadBalancerArn};
use super::tagging;
use super::words::Protocol;
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Foreign, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder,
    Rule, Spec,
};
use crate::resources::acm::CertificateArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// TLS 1.2 and 1.3 with the ciphers AWS recommends. The API's own default still allows TLS 1.0.
pub const SSL_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// A listener of a load balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// Whose port it is.
    pub load_balancer: Input<LoadBalancerArn>,
    /// Which port; one listener each.
    pub port: i32,
    /// What clients speak.
    pub protocol: Protocol,
    /// With HTTPS and TLS: which TLS versions and ciphers are offered.
    pub ssl_policy: Option<String>,
    /// With HTTPS and TLS: ARN of the certificate shown to clients that name no host we know.
    pub certificate: Option<Input<CertificateArn>>,
    /// With HTTPS and TLS: ARNs of further certificates, chosen by the host a client names. Those that are
    /// resources of ours are attached by [`super::ListenerCertificate`] and are not among them.
    pub additional_certificates: Vec<String>,
    /// With TLS: which protocols above it are agreed on, such as `HTTP2Preferred`.
    #[serde(default)]
    pub alpn_policy: Option<String>,
    /// What happens to requests that no rule matches.
    pub default_action: Action,
    /// The user's own tags.
    pub tags: Tags,
}

crate::ids! {
    /// A listener's ARN.
    ListenerArn,
}

crate::outputs!(Listener => ListenerOutputs {
    /// Its ARN.
    arn: ListenerArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateListener.MutualAuthentication", "certificates of clients are not offered yet"),
    ("CreateListener.Certificates[].IsDefault", "the first is the default one; it is output only"),
    ("ModifyListener.ListenerArn", "says which listener"),
    ("ModifyListener.MutualAuthentication", "certificates of clients are not offered yet"),
    ("ModifyListener.Certificates[].IsDefault", "the first is the default one; it is output only"),
    (
        "CreateListener.DefaultActions[].AuthenticateOidcConfig",
        "signing users in is not offered yet",
    ),
    (
        "CreateListener.DefaultActions[].AuthenticateCognitoConfig",
        "signing users in is not offered yet",
    ),
    ("CreateListener.DefaultActions[].JwtValidationConfig", "checking tokens is not offered yet"),
    ("CreateListener.DefaultActions[].Order", "there is one action"),
    (
        "CreateListener.DefaultActions[].TargetGroupArn",
        "another spelling of a forward to one target group",
    ),
    (
        "ModifyListener.DefaultActions[].AuthenticateOidcConfig",
        "signing users in is not offered yet",
    ),
    (
        "ModifyListener.DefaultActions[].AuthenticateCognitoConfig",
        "signing users in is not offered yet",
    ),
    ("ModifyListener.DefaultActions[].JwtValidationConfig", "checking tokens is not offered yet"),
    ("ModifyListener.DefaultActions[].Order", "there is one action"),
    (
        "ModifyListener.DefaultActions[].TargetGroupArn",
        "another spelling of a forward to one target group",
    ),
];

impl Spec for Listener {
    const KIND: &'static str = "elbv2/listener";
}

impl Resource for Listener {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("load_balancer"),
            Rule::Unordered("additional_certificates"),
            Rule::Unordered("default_action.between"),
            Rule::OwnedElsewhere("default_action.carries", "ECS"),
        ],
        observe_after: &["elbv2/load-balancer", "acm/certificate"],
        order_after: &[],
        // A port has one listener, so two cannot be there at once; on another load balancer they could,
        // but then the old one goes with its load balancer anyway.
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = ListenerOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut listed = Vec::new();
        for load_balancer in query.seen.of("elbv2/load-balancer") {
            listed.extend(list(cx, &load_balancer.id).await?);
        }
        let arns: Vec<String> = listed.iter().map(arn).collect();
        let all_tags = tagging::of(cx, &arns).await?;
        let mut found = Found::default();
        for one in listed {
            let Some(its_tags) = all_tags.get(&arn(&one)) else { continue };
            let Some(identity) = tags::identity(its_tags, query) else {
                found.foreign.extend(in_the_way(&one, its_tags, query));
                continue;
            };
            let additional = certificates_beside(cx, &one, query).await?;
            let own = tags::own(its_tags, &identity);
            found.owned.push(live(&one, identity, own, additional, its_tags));
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let answer = cx
            .elbv2
            .create_listener()
            .load_balancer_arn(self.load_balancer.get()?.0)
            .port(self.port)
            .protocol(self.protocol.as_str().into())
            .set_ssl_policy(self.ssl_policy.clone())
            .set_certificates(self.default_certificate()?)
            .set_alpn_policy(self.alpn_policy.clone().map(|policy| vec![policy]))
            .default_actions(self.default_action.to_sdk()?)
            .set_tags(tagging::to_sdk(
                &self.default_action.marked(tags::for_create(identity, &self.tags, false)),
            ))
            .send()
            .await
            .map_err(|error| classify("elbv2 CreateListener", error))?;
        let one = answer.listeners().first().ok_or_else(|| {
            Failure::new(Class::Server, "CreateListener answered without a listener")
        })?;
        let arn = arn(one);
        self.write_certificates(cx, &arn, &[]).await?;
        Ok(Progress::done(ListenerOutputs { arn: ListenerArn(arn) }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let arn = live.outputs.arn.as_str();
        let fields =
            ["port", "protocol", "ssl_policy", "certificate", "alpn_policy", "default_action"];
        if fields.iter().any(|field| touches(changes, field)) {
            // Weights that are ECS's stay as they are unless something else of the action changes.
            let action = touches(changes, "default_action").then(|| self.default_action.to_sdk());
            cx.elbv2
                .modify_listener()
                .listener_arn(arn)
                .port(self.port)
                .protocol(self.protocol.as_str().into())
                .set_ssl_policy(self.ssl_policy.clone())
                .set_certificates(self.default_certificate()?)
                .set_alpn_policy(self.alpn_policy.clone().map(|policy| vec![policy]))
                .set_default_actions(action.transpose()?.map(|action| vec![action]))
                .send()
                .await
                .map_err(|error| classify("elbv2 ModifyListener", error))?;
        }
        self.write_certificates(cx, arn, &live.spec.additional_certificates).await?;
        let marked = |listener: &Self| listener.default_action.marked(listener.tags.clone());
        tagging::write(cx, arn, &marked(&live.spec), &marked(self)).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let answer = cx
            .elbv2
            .delete_listener()
            .listener_arn(live.outputs.arn.as_str())
            .send()
            .await
            .map_err(|error| classify("elbv2 DeleteListener", error));
        match answer {
            Err(failure) if failure.class != Class::Gone => Err(failure),
            _ => Ok(Progress::deleted()),
        }
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let sent = cx.elbv2.describe_listeners().listener_arns(id).send().await;
        let answer = unless_gone(sent.map_err(|error| classify("elbv2 DescribeListeners", error)))?;
        let Some(one) = answer.as_ref().and_then(|answer| answer.listeners().first()) else {
            return Ok(None);
        };
        let Some(all) = tagging::of_one(cx, id).await? else { return Ok(None) };
        let additional = certificates_beside(cx, one, query).await?;
        let make = |identity, own| live(one, identity, own, additional, &all);
        Ok(Some(Existing::of(all.clone(), wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tagging::claim(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        tagging::of_one(cx, live.outputs.arn.as_str()).await
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((LoadBalancer::KIND, live.spec.load_balancer.get().ok()?.0))
    }
}

impl Listener {
    /// A listener without certificates.
    pub fn new(
        load_balancer: Input<LoadBalancerArn>,
        protocol: Protocol,
        port: i32,
        default_action: Action,
    ) -> Self {
        Self {
            load_balancer,
            port,
            protocol,
            ssl_policy: None,
            certificate: None,
            additional_certificates: Vec::new(),
            alpn_policy: None,
            default_action,
            tags: Tags::new(),
        }
    }

    fn default_certificate(&self) -> Result<Option<Vec<Certificate>>, Failure> {
        let Some(arn) = &self.certificate else { return Ok(None) };
        Ok(Some(vec![certificate(arn.get()?.as_str())]))
    }

    /// An HTTPS listener: the first certificate is shown to clients that name no host we know, the
    /// others by the host a client names. Without a policy it gets [`SSL_POLICY`].
    pub fn https(
        load_balancer: Input<LoadBalancerArn>,
        port: i32,
        certificates: &[String],
        ssl_policy: Option<&str>,
        default_action: Action,
    ) -> Self {
        Self {
            ssl_policy: Some(ssl_policy.unwrap_or(SSL_POLICY).to_owned()),
            certificate: certificates.first().map(|arn| Input::Known(arn.as_str().into())),
            additional_certificates: certificates.iter().skip(1).cloned().collect(),
            ..Self::new(load_balancer, Protocol::Https, port, default_action)
        }
    }

    /// Makes the further certificates those desired: new ones first, so that no host is left without.
    async fn write_certificates(&self, cx: &Cx, arn: &str, live: &[String]) -> Result<(), Failure> {
        // Plain HTTP has none; what it had went when its protocol changed.
        if !self.protocol.is_secure() {
            return Ok(());
        }
        let desired = &self.additional_certificates;
        let missing = desired.iter().filter(|arn| !live.contains(arn)).map(|arn| certificate(arn));
        let missing: Vec<Certificate> = missing.collect();
        if !missing.is_empty() {
            cx.elbv2
                .add_listener_certificates()
                .listener_arn(arn)
                .set_certificates(Some(missing))
                .send()
                .await
                .map_err(|error| classify("elbv2 AddListenerCertificates", error))?;
        }
        let surplus = live.iter().filter(|one| !desired.contains(one)).map(|one| certificate(one));
        let surplus: Vec<Certificate> = surplus.collect();
        if !surplus.is_empty() {
            cx.elbv2
                .remove_listener_certificates()
                .listener_arn(arn)
                .set_certificates(Some(surplus))
                .send()
                .await
                .map_err(|error| classify("elbv2 RemoveListenerCertificates", error))?;
        }
        Ok(())
    }
}

fn certificate(arn: &str) -> Certificate {
    Certificate::builder().certificate_arn(arn).build()
}

/// The listeners of a load balancer; none if it has gone.
async fn list(cx: &Cx, load_balancer: &str) -> Result<Vec<sdk::Listener>, Failure> {
    let mut pages = cx
        .elbv2
        .describe_listeners()
        .load_balancer_arn(load_balancer)
        .page_size(400)
        .into_paginator()
        .send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        match page.map_err(|error| classify("elbv2 DescribeListeners", error)) {
            Ok(page) => listed.extend(page.listeners.unwrap_or_default()),
            Err(failure) if failure.class == Class::Gone => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(listed)
}

/// Whether a listener that is not ours has the port of one that is wanted.
fn in_the_way(one: &sdk::Listener, its_tags: &Tags, query: &Query<'_>) -> Option<Foreign> {
    let wanted = query.wanted.iter().find(|wanted| {
        let port = query.documents.get(&wanted.address).and_then(|wanted| wanted.get("port"));
        port.and_then(Value::as_i64) == one.port().map(i64::from)
            && query.wanted_text(&wanted.address, "load_balancer") == one.load_balancer_arn()
    })?;
    Some(tags::foreign(wanted, arn(one), its_tags))
}

/// The certificates beside the default one, which only a secure listener has, without those of ours.
async fn certificates_beside(
    cx: &Cx,
    one: &sdk::Listener,
    query: &Query<'_>,
) -> Result<Vec<String>, Failure> {
    let secure = matches!(one.protocol().map(|protocol| protocol.as_str()), Some("HTTPS" | "TLS"));
    if !secure {
        return Ok(Vec::new());
    }
    let mut found = additional_certificates(cx, &arn(one)).await?;
    let own = query.seen.of("acm/certificate");
    found.retain(|arn| !own.iter().any(|one| one.id == *arn));
    Ok(found)
}

async fn additional_certificates(cx: &Cx, listener: &str) -> Result<Vec<String>, Failure> {
    let mut pages = cx
        .elbv2
        .describe_listener_certificates()
        .listener_arn(listener)
        .page_size(400)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        match page.map_err(|error| classify("elbv2 DescribeListenerCertificates", error)) {
            Ok(page) => found.extend(
                page.certificates()
                    .iter()
                    .filter(|one| one.is_default() != Some(true))
                    .filter_map(|one| one.certificate_arn().map(str::to_owned)),
            ),
            Err(failure) if failure.class == Class::Gone => break,
            Err(failure) => return Err(failure),
        }
    }
    found.sort();
    Ok(found)
}

fn arn(one: &sdk::Listener) -> String {
    one.listener_arn().unwrap_or_default().to_owned()
}

fn live(
    one: &sdk::Listener,
    identity: Identity,
    tags: Tags,
    additional_certificates: Vec<String>,
    all: &Tags,
) -> Live<Listener> {
    let protocol = Protocol::from(one.protocol().map_or("HTTP", |protocol| protocol.as_str()));
    let secure = protocol.is_secure();
    let filled =
        |text: Option<&str>| text.filter(|text| secure && !text.is_empty()).map(str::to_owned);
    let certificate =
        filled(one.certificates().first().and_then(|certificate| certificate.certificate_arn()));
    Live {
        spec: Listener {
            load_balancer: Input::Known(LoadBalancerArn::from(
                one.load_balancer_arn().unwrap_or_default(),
            )),
            port: one.port().unwrap_or_default(),
            ssl_policy: filled(one.ssl_policy()),
            additional_certificates: additional_certificates
                .into_iter()
                .filter(|arn| Some(arn) != certificate.as_ref())
                .collect(),
            certificate: certificate.map(|arn| Input::Known(CertificateArn(arn))),
            alpn_policy: one.alpn_policy().first().filter(|_| secure).cloned(),
            default_action: Action::from_sdk(one.default_actions()).seen(all),
            protocol,
            tags,
        },
        outputs: ListenerOutputs { arn: ListenerArn(arn(one)) },
        health: Health::Ready,
        id: arn(one),
        identity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Owner};

    #[test]
    fn a_secure_listener_reads_as_the_desired_document() {
        let one = sdk::Listener::builder()
            .listener_arn("arn:listener")
            .load_balancer_arn("arn:balancer")
            .port(443)
            .protocol("HTTPS".into())
            .ssl_policy("ELBSecurityPolicy-TLS13-1-2-2021-06")
            .certificates(certificate("arn:one"))
            .default_actions(Action::fixed_text(404, "no").to_sdk().unwrap())
            .build();
        let identity = Identity {
            application: "demo".into(),
            environment: "test".into(),
            owner: Owner::Environment,
            address: Address::new(Listener::KIND, "public-443"),
            generation: 1,
            run: String::new(),
        };
        let additional = vec!["arn:one".into(), "arn:two".into()];
        let live = live(&one, identity, Tags::new(), additional, &Tags::new());
        assert_eq!(
            live.spec,
            Listener {
                load_balancer: Input::Known("arn:balancer".into()),
                port: 443,
                protocol: Protocol::Https,
                ssl_policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".into()),
                certificate: Some(Input::Known("arn:one".into())),
                additional_certificates: vec!["arn:two".into()],
                alpn_policy: None,
                default_action: Action::fixed_text(404, "no"),
                tags: Tags::new(),
            }
        );
    }
}
