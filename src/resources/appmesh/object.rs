//! What all kinds do alike: tags, and for those that lie in a mesh all calls.
//!
//! AWS ended App Mesh, so nothing is asked where nothing is wanted and nothing is tagged: meshes are asked for by name
//! (the wanted one's, and those that the tagging API knows), and what lies in a mesh only where one of ours is live.

use std::collections::BTreeMap;

use aws_sdk_appmesh::types::TagRef;

use crate::aws::{Cx, classify, tags};
use crate::engine::{Class, Failure, Query};
use crate::resources::resource::Tags;

/// Objects in one list.
pub(super) const PAGE: i32 = 100;

/// Tags as the SDK has them.
pub(super) fn tags_to_sdk(tags: &Tags) -> Result<Vec<TagRef>, Failure> {
    tags.iter()
        .map(|(key, value)| {
            let tag = TagRef::builder().key(key).value(value).build();
            tag.map_err(|error| Failure::internal(error.to_string()))
        })
        .collect()
}

/// An object's tags, from the service itself.
pub(super) async fn read_tags(cx: &Cx, arn: &str) -> Result<Tags, Failure> {
    let mut all = BTreeMap::new();
    let mut pages = cx.appmesh.list_tags_for_resource().resource_arn(arn).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("appmesh ListTagsForResource", error))?;
        all.extend(page.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())));
    }
    Ok(all)
}

/// An object's tags, in bulk where the tagging API knows it.
pub(super) async fn tags_of(cx: &Cx, query: &Query<'_>, arn: &str) -> Result<Tags, Failure> {
    let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
    match bulk.get(arn) {
        Some(tags) => Ok(tags.clone()),
        None => read_tags(cx, arn).await,
    }
}

/// Writes tags.
pub(super) async fn tag(cx: &Cx, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.appmesh.tag_resource().resource_arn(arn).set_tags(Some(tags_to_sdk(tags)?));
    call.send().await.map(drop).map_err(|error| classify("appmesh TagResource", error))
}

/// Makes the user's own tags what they should be.
pub(super) async fn retag(cx: &Cx, arn: &str, live: &Tags, desired: &Tags) -> Result<(), Failure> {
    let (write, remove) = tags::difference(live, desired);
    if !write.is_empty() {
        tag(cx, arn, &write).await?;
    }
    if !remove.is_empty() {
        let call = cx.appmesh.untag_resource().resource_arn(arn).set_tag_keys(Some(remove));
        let sent = call.send().await;
        sent.map_err(|error| classify("appmesh UntagResource", error))?;
    }
    Ok(())
}

/// What follows `mesh/` in an ARN, by slashes; `id` may be that alone.
pub(super) fn parts(id: &str) -> Vec<String> {
    let path = id.split_once(":mesh/").map_or(id, |(_, path)| path);
    path.split('/').map(str::to_owned).collect()
}

/// An answer of which the SDK does not know a part.
pub(super) fn unreadable(id: &str) -> Failure {
    Failure::new(
        Class::Invalid,
        format!("`{id}` has something in it that this release does not know"),
    )
}

/// Objects whose names follow from their addresses.
pub(super) mod by_address {
    use crate::engine::{Identity, Query};

    pub(in super::super) fn called<T>(_object: &T, identity: &Identity) -> String {
        identity.name(255)
    }

    pub(in super::super) fn wanted<'a>(query: &Query<'a>, name: &str) -> Option<&'a Identity> {
        query.wanted.iter().find(|wanted| wanted.name(255) == name)
    }

    pub(in super::super) fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(255))
    }
}

/// Virtual routers, which bear another name than their service's virtual node, so that a name says which is meant.
pub(super) mod as_router {
    use crate::engine::{Identity, Query};

    fn of(identity: &Identity) -> String {
        format!("{}-router", identity.name(248))
    }

    pub(in super::super) fn called<T>(_object: &T, identity: &Identity) -> String {
        of(identity)
    }

    pub(in super::super) fn wanted<'a>(query: &Query<'a>, name: &str) -> Option<&'a Identity> {
        query.wanted.iter().find(|wanted| of(wanted) == name)
    }

    pub(in super::super) fn name(identity: &Identity) -> Option<String> {
        Some(of(identity))
    }
}

/// Virtual services, whose names callers know: a field.
pub(super) mod by_field {
    use super::super::VirtualService;
    use crate::engine::{Identity, Query};

    pub(in super::super) fn called(object: &VirtualService, _identity: &Identity) -> String {
        object.name.clone()
    }

    pub(in super::super) fn wanted<'a>(query: &Query<'a>, name: &str) -> Option<&'a Identity> {
        let mut wanted = query.wanted.iter();
        wanted.find(|wanted| query.wanted_text(&wanted.address, "name") == Some(name))
    }

    pub(in super::super) fn name(_identity: &Identity) -> Option<String> {
        None
    }
}

/// The calls of a kind that lies in a mesh.
macro_rules! object {
    (
        $object:ident of $spec:ident, $outputs:ident: $segment:literal, $operation:literal,
        $list:ident $listed:ident $create:ident $describe:ident $update:ident $delete:ident, $data:ident, $name:ident,
        $(in $parent:ident $within:ident $parent_kind:literal $parent_segment:literal,)?
        after [$($after:literal),*],
        rules [$($rule:expr),*],
        named $naming:ident,
    ) => {
        impl $object {
            fn outputs(cx: &Cx, mesh: &str, $($within: &str,)? name: &str) -> $outputs {
                let path = Self::path(mesh, $($within,)? name);
                let arn = cx.arn("appmesh", &format!("mesh/{path}"));
                $outputs { id: name.into(), arn: arn.into() }
            }

            /// What its ARN says behind `mesh/`.
            fn path(mesh: &str, $($within: &str,)? name: &str) -> String {
                let path = mesh.to_owned();
                $(let path = format!("{path}/{}/{}", $parent_segment, $within);)?
                format!("{path}/{}/{name}", $segment)
            }

            /// One object as it is live; `None` where there is none.
            async fn describe(
                cx: &Cx,
                mesh: &str,
                $($within: &str,)?
                name: &str,
            ) -> Result<Option<$spec>, Failure> {
                let call = cx.appmesh.$describe().mesh_name(mesh)$(.$parent($within))?.$name(name);
                let sent = call.send().await;
                let sent = sent
                    .map_err(|error| $crate::aws::classify(concat!("appmesh Describe", $operation), error));
                let Some(answer) = $crate::aws::unless_gone(sent)? else { return Ok(None) };
                let spec = answer.$data.as_ref().and_then(|data| data.spec.as_ref());
                let Some(spec) = spec else { return Ok(None) };
                <$spec as Mirror<_>>::from_sdk(spec)
                    .map(Some)
                    .ok_or_else(|| super::object::unreadable(name))
            }

            fn live(
                cx: &Cx,
                spec: $spec,
                mesh: &str,
                $($within: &str,)?
                name: &str,
                identity: Identity,
                tags: Tags,
            ) -> Live<Self> {
                let id = Self::path(mesh, $($within,)? name);
                Live {
                    spec: Self::of(spec, mesh, $($within,)? name, tags),
                    outputs: Self::outputs(cx, mesh, $($within,)? name),
                    health: $crate::engine::Health::Ready,
                    identity,
                    id,
                }
            }
        }

        impl Resource for $object {
            const INFO: KindInfo = KindInfo {
                kind: Self::KIND,
                rules: &[$($rule),*],
                observe_after: &[$($after),*],
                order_after: &[],
                replace: ReplaceOrder::DeleteFirst,
                revisioned: false,
                stateful: None,
                pace: Pace::seconds(1, 1, 60),
            };

            type Outputs = $outputs;

            /// A list of each place where some may lie, and one call for each of ours.
            async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
                let mut found = Found::default();
                for mesh in query.seen.of("appmesh/mesh") {
                    let mesh = mesh.id.as_str();
                    $(let parents = query.seen.of($parent_kind).iter().filter(|parent| parent.spec["mesh"] == mesh);
                    for $within in parents.filter_map(|parent| parent.outputs["id"].as_str()))? {
                        let list = cx.appmesh.$list().mesh_name(mesh)$(.$parent($within))?;
                        let mut pages = list.limit(super::object::PAGE).into_paginator().send();
                        while let Some(page) = pages.next().await {
                            let page = page
                                .map_err(|error| $crate::aws::classify(concat!("appmesh List", $operation, "s"), error))?;
                            for one in page.$listed() {
                                let name = one.$name.as_str();
                                let all = super::object::tags_of(cx, query, &one.arn).await?;
                                if let Some(identity) = $crate::aws::tags::identity(&all, query) {
                                    let spec = Self::describe(cx, mesh, $($within,)? name).await?;
                                    let own = $crate::aws::tags::own(&all, &identity);
                                    found.owned.extend(
                                        spec.map(|spec| Self::live(cx, spec, mesh, $($within,)? name, identity, own)),
                                    );
                                } else if let Some(wanted) = super::object::$naming::wanted(query, name) {
                                    let id = Self::path(mesh, $($within,)? name);
                                    found.foreign.push($crate::aws::tags::foreign(wanted, id, &all));
                                }
                            }
                        }
                    }
                }
                Ok(found)
            }

            async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
                let (mesh, name) = (self.mesh.get()?.0, super::object::$naming::called(self, identity));
                $(let $within = self.$within.get()?.0;)?
                let tags = $crate::aws::tags::for_create(identity, &self.tags, false);
                cx.appmesh
                    .$create()
                    .mesh_name(&mesh)
                    $(.$parent(&$within))?
                    .$name(&name)
                    .spec(Mirror::to_sdk(&self.spec)?)
                    .set_tags(Some(super::object::tags_to_sdk(&tags)?))
                    .client_token(identity.client_token())
                    .send()
                    .await
                    .map_err(|error| $crate::aws::classify(concat!("appmesh Create", $operation), error))?;
                Ok(Progress::done(Self::outputs(cx, &mesh, $(&$within,)? &name)))
            }

            async fn update(
                &self,
                cx: &Cx,
                live: &Live<Self>,
                changes: &[Change],
            ) -> Result<Progress<Self>, Failure> {
                let mesh = live.spec.mesh.get()?.0;
                if $crate::engine::change::touches(changes, "tags") {
                    super::object::retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
                }
                if self.spec != live.spec.spec {
                    let call = cx.appmesh.$update().mesh_name(mesh)$(.$parent(live.spec.$within.get()?.0))?;
                    let call = call.$name(live.outputs.id.as_str()).spec(Mirror::to_sdk(&self.spec)?);
                    let sent = call.send().await;
                    sent.map_err(|error| $crate::aws::classify(concat!("appmesh Update", $operation), error))?;
                }
                Ok(Progress::done(live.outputs.clone()))
            }

            async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
                let call = cx.appmesh.$delete().mesh_name(live.spec.mesh.get()?.0);
                $(let call = call.$parent(live.spec.$within.get()?.0);)?
                let sent = call.$name(live.outputs.id.as_str()).send().await;
                let sent = sent
                    .map_err(|error| $crate::aws::classify(concat!("appmesh Delete", $operation), error));
                $crate::aws::unless_gone(sent)?;
                Ok(Progress::deleted())
            }

            async fn read(
                cx: &Cx,
                query: &Query<'_>,
                wanted: &Identity,
                id: &str,
            ) -> Result<Option<Existing<Self>>, Failure> {
                let parts = super::object::parts(id);
                let text = |field: &str| {
                    query.wanted_text(&wanted.address, field).map(str::to_owned).unwrap_or_default()
                };
                // The whole path, or the name alone in the mesh that the manifests mean.
                let whole = parts.len() > 1;
                let mesh = if whole { parts[0].clone() } else { text("mesh") };
                $(let $within = if whole { parts.get(2).cloned().unwrap_or_default() } else { text(stringify!($within)) };)?
                let name = parts.last().cloned().unwrap_or_default();
                if mesh.is_empty() {
                    return Ok(None);
                }
                let Some(spec) = Self::describe(cx, &mesh, $(&$within,)? &name).await? else {
                    return Ok(None);
                };
                let arn = Self::outputs(cx, &mesh, $(&$within,)? &name).arn;
                let all = super::object::read_tags(cx, arn.as_str()).await?;
                let make = |identity, own| Self::live(cx, spec, &mesh, $(&$within,)? &name, identity, own);
                Ok(Some(Existing::of(all, wanted, make).named(name.clone())))
            }

            async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
                super::object::tag(cx, live.outputs.arn.as_str(), tags).await
            }

            async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
                $crate::aws::unless_gone(super::object::read_tags(cx, live.outputs.arn.as_str()).await)
            }

            fn name(identity: &Identity) -> Option<String> {
                super::object::$naming::name(identity)
            }

            fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
                Some(("appmesh/mesh", live.spec.mesh.get().ok()?.0))
            }
        }
    };
}

pub(super) use object;
