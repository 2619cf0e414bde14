//! A service of Lattice: a DNS name that leads to target groups, by its listeners and their rules.

use aws_sdk_vpclattice::operation::get_service::GetServiceOutput;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shared;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::acm::CertificateArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A service of Lattice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// `AWS_IAM`: callers sign their requests, and the policy decides; `NONE`: everybody in the network may call.
    pub auth_type: String,
    /// Who may call it, where callers sign; without one, nobody.
    pub policy: Option<Value>,
    /// Seconds after which a connection without traffic is closed, 60 to 600.
    pub idle_timeout: i32,
    /// A name of one's own, beside Lattice's. Its DNS record is not made.
    pub custom_domain: Option<String>,
    /// The certificate for that name.
    pub certificate: Option<Input<CertificateArn>>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            auth_type: "NONE".to_owned(),
            policy: None,
            idle_timeout: 60,
            custom_domain: None,
            certificate: None,
            tags: Tags::new(),
        }
    }
}

impl Spec for Service {
    const KIND: &'static str = "vpclattice/service";
}

crate::ids! {
    /// `svc-0123…`.
    ServiceId,
}

crate::outputs!(Service => ServiceOutputs {
    /// Its id.
    id: ServiceId,
    /// Its ARN.
    arn: String,
    /// Lattice's own name for it.
    dns_name: String,
});

/// Members of Lattice's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateService.name", "the physical name follows from the address"),
    ("CreateService.clientToken", "makes the call idempotent, is no property"),
    ("UpdateService.serviceIdentifier", "says which service"),
    ("PutAuthPolicy.resourceIdentifier", "says whose policy"),
];

fn name(identity: &Identity) -> String {
    shared::name(identity, 40)
}

impl Resource for Service {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Policy("policy"), Rule::Immutable("custom_domain")],
        observe_after: &[],
        order_after: &[],
        // A name of one's own is there once.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(10, 2, 300),
    };

    type Outputs = ServiceOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let fits = |arn: &str| shared::is(cx, arn, "service");
        let finds = shared::find(cx, query, fits, name, || list(cx)).await?;
        let found = stream::iter(finds.ours).map(|one| async move {
            let service = get(cx, shared::id(&one.arn)).await?;
            let Some(service) = service else { return Ok(None) };
            to_live(cx, &service, one.identity, one.tags).await.map(Some)
        });
        let owned: Vec<_> = found.buffered(shared::AT_ONCE).try_collect().await?;
        Ok(Found { owned: owned.into_iter().flatten().collect(), foreign: finds.foreign })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let sent = cx
            .vpclattice
            .create_service()
            .name(name(identity))
            .client_token(identity.client_token())
            .auth_type(self.auth_type.as_str().into())
            .idle_timeout_seconds(self.idle_timeout)
            .set_custom_domain_name(self.custom_domain.clone())
            .set_certificate_arn(self.certificate()?)
            .set_tags(shared::on_create(identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("vpc-lattice CreateService", error));
        let made = match sent {
            Ok(made) => made,
            Err(failure) if failure.class == Class::AlreadyExists => {
                let going = going(cx, &name(identity)).await?;
                return Err(shared::until_free(failure, going));
            }
            Err(failure) => return Err(failure),
        };
        let dns = made.dns_entry().and_then(|entry| entry.domain_name());
        let outputs = outputs(made.id(), made.arn(), dns);
        if self.policy.is_some() {
            shared::set_policy(cx, outputs.id.as_str(), self.policy.as_ref()).await?;
        }
        Ok(Progress::done(outputs))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        // Nobody is let in who should not be: the policy is there before it counts.
        if touches(changes, "policy") {
            shared::set_policy(cx, id, self.policy.as_ref()).await?;
        }
        let touched = |field: &&str| touches(changes, field);
        if ["auth_type", "idle_timeout", "certificate"].iter().any(touched) {
            let call = cx
                .vpclattice
                .update_service()
                .service_identifier(id)
                .auth_type(self.auth_type.as_str().into())
                .idle_timeout_seconds(self.idle_timeout)
                .set_certificate_arn(self.certificate()?);
            let sent = call.send().await;
            sent.map_err(|error| classify("vpc-lattice UpdateService", error))?;
        }
        shared::retag(cx, &live.outputs.arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        let sent = cx.vpclattice.delete_service().service_identifier(id).send().await;
        unless_gone(sent.map_err(|error| classify("vpc-lattice DeleteService", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let meant = shared::meant(id, "svc-", || list(cx)).await?;
        let Some(id) = meant else { return Ok(None) };
        let Some(service) = get(cx, &id).await? else { return Ok(None) };
        let all = shared::tags_of(cx, service.arn().unwrap_or_default()).await?;
        let live = to_live(cx, &service, wanted.clone(), Tags::new()).await?;
        let make = |identity, tags| Live {
            identity,
            spec: Service { tags, ..live.spec.clone() },
            ..live.clone()
        };
        Ok(Some(Existing::of(all, wanted, make).named(service.name().unwrap_or_default())))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, &live.outputs.arn, tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(shared::tags_of(cx, &live.outputs.arn).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let looks = waiting.iter().map(|one| async {
            let found = get(cx, one.outputs.id.as_str()).await?;
            Ok(found.map_or(Health::Gone, |one| {
                shared::health(one.status().map(|it| it.as_str()), one.failure_message())
            }))
        });
        futures_util::future::try_join_all(looks).await
    }
}

impl Service {
    fn certificate(&self) -> Result<Option<String>, Failure> {
        self.certificate.as_ref().map(|arn| Ok(arn.get()?.to_string())).transpose()
    }
}

/// Is a service of this name being deleted?
async fn going(cx: &Cx, name: &str) -> Result<bool, Failure> {
    let found = list(cx).await?.into_iter().find(|(_, called)| called == name);
    let Some((arn, _)) = found else { return Ok(true) };
    let found = get(cx, shared::id(&arn)).await?;
    let status = found.as_ref().and_then(|one| one.status()).map(|status| status.as_str());
    Ok(found.is_none() || status == Some("DELETE_IN_PROGRESS"))
}

/// ARN and name of all services of the account.
pub(super) async fn list(cx: &Cx) -> Result<Vec<(String, String)>, Failure> {
    let mut pages = cx.vpclattice.list_services().max_results(100).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("vpc-lattice ListServices", error))?;
        let pair = |arn: Option<&str>, name: Option<&str>| {
            (arn.unwrap_or_default().to_owned(), name.unwrap_or_default().to_owned())
        };
        all.extend(page.items().iter().map(|one| pair(one.arn(), one.name())));
    }
    Ok(all)
}

async fn get(cx: &Cx, id: &str) -> Result<Option<GetServiceOutput>, Failure> {
    let sent = cx.vpclattice.get_service().service_identifier(id).send().await;
    unless_gone(sent.map_err(|error| classify("vpc-lattice GetService", error)))
}

fn outputs(id: Option<&str>, arn: Option<&str>, dns: Option<&str>) -> ServiceOutputs {
    ServiceOutputs {
        id: id.unwrap_or_default().into(),
        arn: arn.unwrap_or_default().to_owned(),
        dns_name: dns.unwrap_or_default().to_owned(),
    }
}

/// A policy means nothing where nobody signs, and is not asked for there.
async fn to_live(
    cx: &Cx,
    from: &GetServiceOutput,
    identity: Identity,
    tags: Tags,
) -> Result<Live<Service>, Failure> {
    let dns = from.dns_entry().and_then(|entry| entry.domain_name());
    let outputs = outputs(from.id(), from.arn(), dns);
    let auth_type = from.auth_type().map_or("NONE", |auth| auth.as_str()).to_owned();
    let policy = match auth_type.as_str() {
        "NONE" => None,
        _ => shared::policy(cx, outputs.id.as_str()).await?,
    };
    Ok(Live {
        identity,
        spec: Service {
            auth_type,
            policy,
            idle_timeout: from.idle_timeout_seconds().unwrap_or(60),
            custom_domain: from.custom_domain_name().map(str::to_owned),
            certificate: from.certificate_arn().map(|arn| Input::Known(arn.into())),
            tags,
        },
        id: outputs.id.to_string(),
        outputs,
        health: shared::observed(from.status().map(|it| it.as_str()), from.failure_message()),
    })
}
