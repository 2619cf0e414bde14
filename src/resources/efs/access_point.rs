//! An access point: a way into a file system, with a user and a root directory of its own.

use aws_sdk_efs::types::{AccessPointDescription, CreationInfo, PosixUser, RootDirectory};
use serde::{Deserialize, Serialize};

use super::{FileSystemId, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// An access point. Nothing but its tags can be changed; a new one is made beside it. The files stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessPoint {
    /// The file system.
    pub file_system: Input<FileSystemId>,
    /// As whom files are read and written; `None` for whoever the client says it is.
    pub user: Option<User>,
    /// The folder that clients see as `/`.
    pub root: String,
    /// How the folder is made where it is not there; `None` where it must be there.
    pub creation: Option<Creation>,
    /// The user's own tags.
    pub tags: Tags,
}

/// A POSIX user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// User id.
    pub uid: i64,
    /// Group id.
    pub gid: i64,
    /// Further group ids, at most 16.
    pub secondary_gids: Vec<i64>,
}

/// Whose a new folder is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Creation {
    /// User id.
    pub uid: i64,
    /// Group id.
    pub gid: i64,
    /// Octal: `0755`.
    pub permissions: String,
}

ids! {
    /// `fsap-0123…`.
    AccessPointId,
    /// An access point's ARN.
    AccessPointArn,
}

outputs! { AccessPoint => AccessPointOutputs {
    /// Its id.
    id: AccessPointId,
    /// Its ARN.
    arn: AccessPointArn,
    /// The file system and the point, as Kubernetes' driver of EFS takes them: `fs-…::fsap-…`.
    volume_handle: String,
} }

/// Members of EFS's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] =
    &[("CreateAccessPoint.ClientToken", "makes the call idempotent, is no property")];

impl Spec for AccessPoint {
    const KIND: &'static str = "efs/access-point";
}

impl Resource for AccessPoint {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("file_system"),
            Rule::Immutable("user"),
            Rule::Immutable("root"),
            Rule::Immutable("creation"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(10, 2, 300),
    };

    type Outputs = AccessPointOutputs;

    /// One call for all of the account's, tags included, and only where one of ours may be there.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        if shared::may_be_there(cx, query, "access-point").await? {
            for point in list(cx, None).await? {
                let all = shared::from_sdk(point.tags());
                let Some(identity) = tags::identity(&all, query) else { continue };
                let own = tags::own(&all, &identity);
                found.owned.push(to_live(cx, &point, identity, own));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let tags = tags::for_create(identity, &self.tags, true);
        let root = RootDirectory::builder()
            .path(&self.root)
            .set_creation_info(self.creation.as_ref().map(creation).transpose()?)
            .build();
        let answer = cx
            .efs
            .create_access_point()
            .client_token(identity.client_token())
            .file_system_id(self.file_system.get()?.0)
            .set_posix_user(self.user.as_ref().map(user).transpose()?)
            .root_directory(root)
            .set_tags(Some(shared::to_sdk(&tags)?))
            .send()
            .await
            .map_err(|error| classify("efs CreateAccessPoint", error))?;
        let id = answer.access_point_id().unwrap_or_default();
        Ok(Progress::done(outputs(cx, self.file_system.get()?.as_str(), id)))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        shared::retag(cx, live.outputs.id.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx.efs.delete_access_point().access_point_id(live.outputs.id.as_str());
        unless_gone(call.send().await.map_err(|error| classify("efs DeleteAccessPoint", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let id = id.rsplit('/').next().unwrap_or(id);
        let found = unless_gone(list(cx, Some(id)).await)?.and_then(|mut all| all.pop());
        Ok(found.map(|point| {
            let all = shared::from_sdk(point.tags());
            Existing::of(all, wanted, |identity, own| to_live(cx, &point, identity, own))
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::tag(cx, live.outputs.id.as_str(), tags).await
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let points = list(cx, None).await?;
        let health = |one: &Waiting<Self>| {
            let id = Some(one.outputs.id.as_str());
            let point = points.iter().find(|point| point.access_point_id() == id);
            point.map_or(Health::Gone, health)
        };
        Ok(waiting.iter().map(health).collect())
    }
}

async fn list(cx: &Cx, id: Option<&str>) -> Result<Vec<AccessPointDescription>, Failure> {
    let call = cx.efs.describe_access_points().set_access_point_id(id.map(str::to_owned));
    let call = if id.is_none() { call.max_results(100) } else { call };
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("efs DescribeAccessPoints", error))?;
        all.extend(page.access_points.unwrap_or_default());
    }
    all.retain(|point| health(point) != Health::Gone);
    Ok(all)
}

fn health(point: &AccessPointDescription) -> Health {
    point.life_cycle_state().map_or(Health::Ready, shared::health)
}

fn user(from: &User) -> Result<PosixUser, Failure> {
    let gids = Some(from.secondary_gids.clone()).filter(|gids| !gids.is_empty());
    let user = PosixUser::builder().uid(from.uid).gid(from.gid).set_secondary_gids(gids);
    user.build().map_err(|error| Failure::internal(error.to_string()))
}

fn creation(from: &Creation) -> Result<CreationInfo, Failure> {
    let info = CreationInfo::builder().owner_uid(from.uid).owner_gid(from.gid);
    let info = info.permissions(&from.permissions).build();
    info.map_err(|error| Failure::internal(error.to_string()))
}

fn outputs(cx: &Cx, system: &str, id: &str) -> AccessPointOutputs {
    let arn = cx.arn("elasticfilesystem", &format!("access-point/{id}"));
    let volume_handle = format!("{system}::{id}");
    AccessPointOutputs { id: id.into(), arn: arn.into(), volume_handle }
}

fn to_live(
    cx: &Cx,
    from: &AccessPointDescription,
    identity: Identity,
    tags: Tags,
) -> Live<AccessPoint> {
    let id = from.access_point_id().unwrap_or_default();
    Live {
        identity,
        spec: from_api(from, tags),
        outputs: outputs(cx, from.file_system_id().unwrap_or_default(), id),
        health: health(from),
        id: id.to_owned(),
    }
}

fn from_api(from: &AccessPointDescription, tags: Tags) -> AccessPoint {
    let root = from.root_directory();
    AccessPoint {
        file_system: Input::Known(from.file_system_id().unwrap_or_default().into()),
        user: from.posix_user().map(|user| User {
            uid: user.uid(),
            gid: user.gid(),
            secondary_gids: user.secondary_gids().to_vec(),
        }),
        root: root.and_then(|root| root.path()).unwrap_or("/").to_owned(),
        creation: root.and_then(|root| root.creation_info()).map(|info| Creation {
            uid: info.owner_uid(),
            gid: info.owner_gid(),
            permissions: info.permissions().to_owned(),
        }),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_efs_leaves_out_has_its_default() {
        let bare = AccessPointDescription::builder().file_system_id("fs-1").build();
        let plain = AccessPoint {
            file_system: Input::Known("fs-1".into()),
            user: None,
            root: "/".to_owned(),
            creation: None,
            tags: Tags::new(),
        };
        assert_eq!(from_api(&bare, Tags::new()), plain);
    }
}
