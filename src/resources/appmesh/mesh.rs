//! A mesh: what proxies of one environment know of each other.

use std::collections::BTreeSet;

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::mirror::{Mirror, mirror};
use super::object::{parts, read_tags, retag, tag, tags_of, tags_to_sdk, unreadable};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Spec};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A mesh: what proxies of one environment know of each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mesh {
    /// What it is.
    #[serde(flatten)]
    pub spec: MeshSpec,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for Mesh {
    const KIND: &'static str = "appmesh/mesh";
}

crate::ids! {
    /// Its name.
    MeshName,
    /// Its ARN.
    MeshArn,
}

crate::outputs!(Mesh => MeshOutputs {
    /// Its name.
    name: MeshName,
    /// Its ARN.
    arn: MeshArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateMesh.meshName", "the physical name follows from the address"),
    ("CreateMesh.clientToken", "makes the call idempotent, is no property"),
    ("CreateMesh.spec", "its members are fields"),
    ("UpdateMesh.meshName", "says which"),
    ("UpdateMesh.clientToken", "makes the call idempotent, is no property"),
    ("UpdateMesh.spec", "its members are fields"),
];

impl Mesh {
    /// The mesh as it is live; `None` where there is none.
    async fn describe(cx: &Cx, name: &str) -> Result<Option<MeshSpec>, Failure> {
        let sent = cx.appmesh.describe_mesh().mesh_name(name).send().await;
        let answer = unless_gone(sent.map_err(|error| classify("appmesh DescribeMesh", error)))?;
        let mesh = answer.and_then(|answer| answer.mesh);
        let Some(spec) = mesh.and_then(|mesh| mesh.spec) else { return Ok(None) };
        MeshSpec::from_sdk(&spec).map(Some).ok_or_else(|| unreadable(name))
    }

    fn live(cx: &Cx, spec: MeshSpec, name: &str, identity: Identity, tags: Tags) -> Live<Self> {
        let spec = Self { spec, tags };
        let outputs = Self::outputs(cx, name);
        Live { spec, outputs, health: Health::Ready, identity, id: name.to_owned() }
    }

    fn outputs(cx: &Cx, name: &str) -> MeshOutputs {
        let arn = cx.arn("appmesh", &format!("mesh/{name}"));
        MeshOutputs { name: name.into(), arn: arn.into() }
    }
}

/// The environment's cluster bears the name alone, and what refers to a cluster by its name must not be held to refer to a mesh.
fn physical(identity: &Identity) -> String {
    format!("{}-mesh", identity.name(250))
}

impl Resource for Mesh {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(1, 1, 60),
    };

    type Outputs = MeshOutputs;

    /// One call for the mesh that is wanted and for each that the tagging API knows; none where there is neither.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let prefix = cx.arn("appmesh", "mesh/");
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let tagged = bulk.keys().filter_map(|arn| arn.strip_prefix(&prefix));
        let tagged = tagged.filter(|path| !path.contains('/')).map(str::to_owned);
        let wanted = query.wanted.iter().map(physical);
        let names: BTreeSet<String> = tagged.chain(wanted).collect();
        let mut found = Found::default();
        for name in &names {
            let Some(spec) = Self::describe(cx, name).await? else { continue };
            let all = tags_of(cx, query, &format!("{prefix}{name}")).await?;
            if let Some(identity) = tags::identity(&all, query) {
                let own = tags::own(&all, &identity);
                found.owned.push(Self::live(cx, spec, name, identity, own));
            } else if let Some(wanted) =
                query.wanted.iter().find(|wanted| physical(wanted) == *name)
            {
                found.foreign.push(tags::foreign(wanted, name, &all));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = physical(identity);
        let tags = tags::for_create(identity, &self.tags, false);
        cx.appmesh
            .create_mesh()
            .mesh_name(&name)
            .spec(self.spec.to_sdk()?)
            .set_tags(Some(tags_to_sdk(&tags)?))
            .client_token(identity.client_token())
            .send()
            .await
            .map_err(|error| classify("appmesh CreateMesh", error))?;
        Ok(Progress::done(Self::outputs(cx, &name)))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        if touches(changes, "tags") {
            retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        }
        if self.spec != live.spec.spec {
            let call = cx.appmesh.update_mesh().mesh_name(live.outputs.name.as_str());
            let sent = call.spec(self.spec.to_sdk()?).send().await;
            sent.map_err(|error| classify("appmesh UpdateMesh", error))?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    /// Refused while anything is in it: that goes first.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let sent = cx.appmesh.delete_mesh().mesh_name(live.outputs.name.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("appmesh DeleteMesh", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = parts(id).swap_remove(0);
        let Some(spec) = Self::describe(cx, &name).await? else { return Ok(None) };
        let all = read_tags(cx, Self::outputs(cx, &name).arn.as_str()).await?;
        let make = |identity, own| Self::live(cx, spec, &name, identity, own);
        Ok(Some(Existing::of(all, wanted, make).named(name.clone())))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(read_tags(cx, live.outputs.arn.as_str()).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(physical(identity))
    }
}

mirror! {
    /// What a mesh lets out.
    EgressFilter for [built EgressFilter] {
        /// `ALLOW_ALL` or `DROP_ALL`.
        req r#type / set_type: String,
    }

    /// How proxies find each other.
    MeshServiceDiscovery for [plain MeshServiceDiscovery] {
        /// `IPv4_ONLY` and the like.
        opt ip_preference / set_ip_preference: String,
    }

    /// What a mesh is.
    MeshSpec for [plain MeshSpec] {
        /// What it lets out.
        opt egress_filter / set_egress_filter: EgressFilter,
        /// How proxies find each other.
        opt service_discovery / set_service_discovery: MeshServiceDiscovery,
    }
}
