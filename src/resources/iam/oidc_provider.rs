//! An identity provider by OpenID Connect: a cluster's, so that its service accounts may take on roles (IRSA).

use std::collections::BTreeSet;

use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::role::to_sdk;
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// An identity provider. An account has one for each URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// Who issues the tokens: `https://oidc.eks.eu-west-1.amazonaws.com/id/…`.
    pub url: Input<String>,
    /// For whom they are: `sts.amazonaws.com`.
    pub client_ids: Vec<String>,
    /// Thumbprints of certificates, where AWS does not know the authority; AWS's own finding if none.
    pub thumbprints: Vec<String>,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// An identity provider's ARN.
    OidcProviderArn,
}

outputs! { OidcProvider => OidcProviderOutputs {
    /// Its ARN.
    arn: OidcProviderArn,
} }

/// Members of IAM's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("UpdateOpenIDConnectProviderThumbprint.OpenIDConnectProviderArn", "says which provider"),
    ("AddClientIDToOpenIDConnectProvider.OpenIDConnectProviderArn", "says which provider"),
];

impl Spec for OidcProvider {
    const KIND: &'static str = "iam/oidc-provider";
}

impl Resource for OidcProvider {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("url"),
            Rule::Unordered("client_ids"),
            Rule::Unordered("thumbprints"),
        ],
        observe_after: &["eks/cluster"],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = OidcProviderOutputs;

    /// One call for each URL that is wanted or a cluster's; IAM's list shows neither URL nor tags.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let seen = query.seen.of("eks/cluster").iter();
        let mut arns: BTreeSet<String> = seen
            .filter_map(|live| live.outputs.get("issuer")?.as_str())
            .chain(query.wanted.iter().filter_map(|one| query.wanted_text(&one.address, "url")))
            .map(|url| arn_of(cx, url))
            .collect();
        if !arns.is_empty() || !query.wanted.is_empty() {
            let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
            arns.extend(bulk.keys().filter(|arn| arn.contains(":oidc-provider/")).cloned());
        }
        let mut found = Found::default();
        for arn in arns {
            let Some(one) = get(cx, &arn).await? else { continue };
            let all = from_sdk(one.tags());
            match tags::identity(&all, query) {
                Some(identity) => {
                    let own = tags::own(&all, &identity);
                    let mut live = to_live(&arn, &one, identity, own);
                    if let Some(wanted) = query.documents.get(&live.identity.address) {
                        Self::assume(&mut live, wanted);
                    }
                    found.owned.push(live);
                }
                None => {
                    let wanted = query.wanted.iter().find(|one| {
                        let url = query.wanted_text(&one.address, "url");
                        url.is_some_and(|url| arn_of(cx, url) == arn)
                    });
                    found.foreign.extend(wanted.map(|one| tags::foreign(one, &arn, &all)));
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let prints = Some(self.thumbprints.clone()).filter(|prints| !prints.is_empty());
        let sent = cx
            .iam
            .create_open_id_connect_provider()
            .url(self.url.get()?)
            .set_client_id_list(Some(self.client_ids.clone()))
            .set_thumbprint_list(prints)
            .set_tags(Some(to_sdk(&tags::for_create(identity, &self.tags, false))?))
            .send()
            .await
            .map_err(|error| classify("iam CreateOpenIDConnectProvider", error))?;
        let arn = sent.open_id_connect_provider_arn().unwrap_or_default();
        Ok(Progress::done(OidcProviderOutputs { arn: arn.into() }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let arn = live.outputs.arn.as_str();
        let there = &live.spec.client_ids;
        for client in self.client_ids.iter().filter(|client| !there.contains(client)) {
            let call = cx.iam.add_client_id_to_open_id_connect_provider();
            let sent = call.open_id_connect_provider_arn(arn).client_id(client).send().await;
            sent.map_err(|error| classify("iam AddClientIDToOpenIDConnectProvider", error))?;
        }
        for client in there.iter().filter(|client| !self.client_ids.contains(client)) {
            let call = cx.iam.remove_client_id_from_open_id_connect_provider();
            let sent = call.open_id_connect_provider_arn(arn).client_id(client).send().await;
            sent.map_err(|error| classify("iam RemoveClientIDFromOpenIDConnectProvider", error))?;
        }
        if !self.thumbprints.is_empty() && self.thumbprints != live.spec.thumbprints {
            let call = cx.iam.update_open_id_connect_provider_thumbprint();
            let call = call.open_id_connect_provider_arn(arn);
            let sent = call.set_thumbprint_list(Some(self.thumbprints.clone())).send().await;
            sent.map_err(|error| classify("iam UpdateOpenIDConnectProviderThumbprint", error))?;
        }
        let (write, gone) = tags::difference(&live.spec.tags, &self.tags);
        if !write.is_empty() {
            tag(cx, arn, &write).await?;
        }
        if !gone.is_empty() {
            let call = cx.iam.untag_open_id_connect_provider().open_id_connect_provider_arn(arn);
            let sent = call.set_tag_keys(Some(gone)).send().await;
            sent.map_err(|error| classify("iam UntagOpenIDConnectProvider", error))?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx.iam.delete_open_id_connect_provider();
        let sent = call.open_id_connect_provider_arn(live.outputs.arn.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("iam DeleteOpenIDConnectProvider", error)))?;
        Ok(Progress::deleted())
    }

    /// By its ARN or its URL.
    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let arn = if id.starts_with("arn:") { id.to_owned() } else { arn_of(cx, id) };
        let Some(one) = get(cx, &arn).await? else { return Ok(None) };
        let make = |identity, own| to_live(&arn, &one, identity, own);
        Ok(Some(Existing::of(from_sdk(one.tags()), wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, live.outputs.arn.as_str(), tags).await
    }

    /// AWS's own finding is no difference.
    fn assume(live: &mut Live<Self>, desired: &Value) -> Option<String> {
        let said = desired.get("thumbprints").and_then(Value::as_array);
        if said.is_none_or(Vec::is_empty) {
            live.spec.thumbprints.clear();
        }
        None
    }
}

/// The ARN of the provider with this URL.
fn arn_of(cx: &Cx, url: &str) -> String {
    let host = url.trim_start_matches("https://").trim_end_matches('/');
    format!("arn:{}:iam::{}:oidc-provider/{host}", cx.partition(), cx.account)
}

async fn get(cx: &Cx, arn: &str) -> Result<Option<GetOpenIdConnectProviderOutput>, Failure> {
    let call = cx.iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn);
    unless_gone(call.send().await.map_err(|error| classify("iam GetOpenIDConnectProvider", error)))
}

async fn tag(cx: &Cx, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.iam.tag_open_id_connect_provider().open_id_connect_provider_arn(arn);
    let sent = call.set_tags(Some(to_sdk(tags)?)).send().await;
    sent.map(drop).map_err(|error| classify("iam TagOpenIDConnectProvider", error))
}

fn from_sdk(tags: &[aws_sdk_iam::types::Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

fn to_live(
    arn: &str,
    from: &GetOpenIdConnectProviderOutput,
    identity: Identity,
    tags: Tags,
) -> Live<OidcProvider> {
    let url = from.url().unwrap_or_default().trim_start_matches("https://");
    Live {
        identity,
        spec: OidcProvider {
            url: Input::Known(format!("https://{url}")),
            client_ids: from.client_id_list().to_vec(),
            thumbprints: from.thumbprint_list().to_vec(),
            tags,
        },
        outputs: OidcProviderOutputs { arn: arn.into() },
        health: Health::Ready,
        id: arn.to_owned(),
    }
}
