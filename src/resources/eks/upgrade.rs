//! A cluster's way to a later version: one minor after another, each with what lies in the cluster.
//!
//! Each round looks at what is live and begins one thing: the parts that must follow, a fresh look at insights, or the
//! next minor. What is ours alone is moved; EKS names the others when it refuses.

use aws_sdk_eks::types::{
    Addon, AddonInfo, InsightsRefreshStatus, NodegroupStatus, ResolveConflicts,
};
use serde::{Deserialize, Serialize};

use super::cluster::{Cluster, describe};
use super::{addon, nodegroup, shared};
use crate::aws::facts::insights;
use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, Health, Identity};
use crate::resources::resource::Live;

/// What a round has begun, as a ticket.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Round {
    /// The control plane moves.
    Version { from: String, to: String, goal: String, update: String },
    /// What lies in the cluster follows.
    Parts { to: String, moving: Vec<Moving> },
    /// Insights are looked at again.
    Insights { to: String },
}

/// One part on its way; without an update, somebody else has begun it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Moving {
    addon: bool,
    name: String,
    update: Option<String>,
}

impl Round {
    fn ticket(&self) -> Result<Option<String>, Failure> {
        let text = serde_json::to_string(self);
        text.map(Some).map_err(|error| Failure::internal(error.to_string()))
    }

    fn says(&self) -> String {
        match self {
            Self::Version { from, to, goal, .. } if to == goal => {
                format!("upgrading {from} → {to}")
            }
            Self::Version { from, to, goal, .. } => {
                format!("upgrading {from} → {to}, on the way to {goal}")
            }
            Self::Parts { to, moving } => {
                let all = |addon: bool| {
                    let names = moving.iter().filter(|one| one.addon == addon);
                    names.map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
                };
                let (groups, addons) = (all(false), all(true));
                match (groups.is_empty(), addons.is_empty()) {
                    (false, true) => format!("node groups follow to {to}: {groups}"),
                    (true, _) => format!("add-ons follow to {to}: {addons}"),
                    _ => format!("node groups ({groups}) and add-ons ({addons}) follow to {to}"),
                }
            }
            Self::Insights { to } => format!("EKS looks again at what speaks against {to}"),
        }
    }
}

/// Begins the next round towards the version that is wanted; says what was begun, and whether another may follow.
pub(super) async fn next(
    wanted: &Cluster,
    cx: &Cx,
    live: &Live<Cluster>,
) -> Result<(Option<String>, bool), Failure> {
    let name = live.outputs.name.as_str();
    let Some(now) = describe(cx, name).await? else {
        return Err(Failure::new(Class::Gone, format!("cluster `{name}` is gone")));
    };
    let at = now.version().unwrap_or_default().to_owned();
    if at == wanted.version {
        return last(cx, live, &at).await;
    }
    let to = next_version(&at, &wanted.version)?;
    let mut moving = node_groups(cx, live, &at).await?;
    moving.extend(addons(cx, live, &at, Some(&to)).await?);
    if !moving.is_empty() {
        return Ok((Round::Parts { to: at, moving }.ticket()?, true));
    }
    if !wanted.upgrade_despite_insights {
        let errors = insights::errors(cx, name, &to).await?;
        if !errors.is_empty() {
            // EKS looks once a day: what was mended since is not known to it.
            if !cx.note_upgrade(&format!("{name}: insights for {to}")) {
                return Err(stopped(name, &to, &errors));
            }
            let sent = cx.eks.start_insights_refresh().cluster_name(name).send().await;
            match sent.map_err(|error| classify("eks StartInsightsRefresh", error)) {
                Ok(_) => return Ok((Round::Insights { to }.ticket()?, true)),
                Err(failure) if failure.class == Class::NotServed => {
                    return Err(stopped(name, &to, &errors));
                }
                Err(failure) => return Err(failure),
            }
        }
    }
    let call = cx.eks.update_cluster_version().name(name).version(&to);
    let sent = call.set_force(wanted.upgrade_despite_insights.then_some(true)).send().await;
    let sent = sent.map_err(|error| read_anew(classify("eks UpdateClusterVersion", error)))?;
    cx.note_upgrade(name);
    let update = sent.update.and_then(|update| update.id).unwrap_or_default();
    let round = Round::Version { from: at, to, goal: wanted.version.clone(), update };
    Ok((round.ticket()?, true))
}

/// A refusal because nothing is left to change: what was read is older than the end of an update that a run before this one
/// had begun. Once it is read anew there is nothing to do.
pub(super) fn read_anew(failure: Failure) -> Failure {
    let says = |text: &str| failure.message.contains(text);
    match says("already at version") || says("No updates needed") {
        true => Failure { class: Class::NotYetConsistent, ..failure },
        false => failure,
    }
}

/// After the last minor of this run: add-ons that do not go with it follow, if nobody else has said where to.
pub(super) async fn last(
    cx: &Cx,
    live: &Live<Cluster>,
    at: &str,
) -> Result<(Option<String>, bool), Failure> {
    if !cx.forget_upgrade(live.outputs.name.as_str()) {
        return Ok((None, false));
    }
    let moving = addons(cx, live, at, None).await?;
    if moving.is_empty() {
        return Ok((None, false));
    }
    Ok((Round::Parts { to: at.to_owned(), moving }.ticket()?, false))
}

/// How a round fares; `None` if the ticket is none of an upgrade's.
pub(super) async fn look(cx: &Cx, name: &str, ticket: &str) -> Result<Option<Health>, Failure> {
    let Ok(round) = serde_json::from_str::<Round>(ticket) else { return Ok(None) };
    let pending = || Health::Pending(round.says());
    let health = match &round {
        Round::Version { update, .. } => {
            shared::updated(cx, name, shared::Part::Cluster, update).await?
        }
        Round::Insights { .. } => {
            let sent = cx.eks.describe_insights_refresh().cluster_name(name).send().await;
            let sent = sent.map_err(|error| classify("eks DescribeInsightsRefresh", error))?;
            match sent.status() {
                Some(InsightsRefreshStatus::InProgress) => pending(),
                _ => Health::Ready,
            }
        }
        Round::Parts { moving, .. } => {
            let mut all = Health::Ready;
            for one in moving {
                match part(cx, name, one).await? {
                    Health::Ready => {}
                    Health::Pending(_) => all = pending(),
                    Health::Failed(why) => {
                        return Ok(Some(Health::Failed(format!("`{}`: {why}", one.name))));
                    }
                    other => return Ok(Some(other)),
                }
            }
            all
        }
    };
    Ok(Some(match health {
        Health::Pending(_) => pending(),
        other => other,
    }))
}

async fn part(cx: &Cx, cluster: &str, one: &Moving) -> Result<Health, Failure> {
    if let Some(update) = &one.update {
        let of = match one.addon {
            true => shared::Part::Addon(&one.name),
            false => shared::Part::NodeGroup(&one.name),
        };
        return shared::updated(cx, cluster, of, update).await;
    }
    let busy = match one.addon {
        true => {
            addon::describe(cx, cluster, &one.name).await?.is_some_and(|addon| busy_addon(&addon))
        }
        false => nodegroup::describe(cx, cluster, &one.name)
            .await?
            .is_some_and(|group| group.status() == Some(&NodegroupStatus::Updating)),
    };
    Ok(if busy { Health::Pending(String::new()) } else { Health::Ready })
}

fn busy_addon(addon: &Addon) -> bool {
    addon.status().is_some_and(|status| matches!(status.as_str(), "UPDATING" | "CREATING"))
}

fn ours(live: &Live<Cluster>, tags: Option<&std::collections::HashMap<String, String>>) -> bool {
    let identity = &live.identity;
    let tags = shared::from_sdk(tags);
    Identity::from_tags(&tags, &identity.application, &identity.environment).is_some()
}

/// Has the node groups of ours that are behind follow to the control plane's version.
async fn node_groups(cx: &Cx, live: &Live<Cluster>, at: &str) -> Result<Vec<Moving>, Failure> {
    let cluster = live.outputs.name.as_str();
    let mut moving = Vec::new();
    for name in nodegroup::list(cx, cluster).await? {
        let Some(group) = nodegroup::describe(cx, cluster, &name).await? else { continue };
        if !ours(live, group.tags()) || group.version().is_none_or(|version| version == at) {
            continue;
        }
        if group.status() == Some(&NodegroupStatus::Updating) {
            moving.push(Moving { addon: false, name, update: None });
            continue;
        }
        let call = cx.eks.update_nodegroup_version().cluster_name(cluster).nodegroup_name(&name);
        let sent = call.version(at).send().await;
        let sent = sent.map_err(|error| classify("eks UpdateNodegroupVersion", error))?;
        let update = sent.update.and_then(|update| update.id);
        moving.push(Moving { addon: false, name, update });
    }
    Ok(moving)
}

/// Has the add-ons of ours follow that do not go with this version, or not with the next one.
async fn addons(
    cx: &Cx,
    live: &Live<Cluster>,
    at: &str,
    next: Option<&str>,
) -> Result<Vec<Moving>, Failure> {
    let cluster = live.outputs.name.as_str();
    let mut moving = Vec::new();
    for name in addon::list(cx, cluster).await? {
        let Some(one) = addon::describe(cx, cluster, &name).await? else { continue };
        if !ours(live, one.tags()) {
            continue;
        }
        let sent = cx.eks.describe_addon_versions().addon_name(&name).send().await;
        let sent = sent.map_err(|error| classify("eks DescribeAddonVersions", error))?;
        let Some(known) = sent.addons().first() else { continue };
        let Some(to) = fitting(known, one.addon_version().unwrap_or_default(), at, next) else {
            continue;
        };
        if busy_addon(&one) {
            moving.push(Moving { addon: true, name, update: None });
            continue;
        }
        let sent = cx
            .eks
            .update_addon()
            .cluster_name(cluster)
            .addon_name(&name)
            .addon_version(to)
            // Left out, the role would be taken away.
            .set_service_account_role_arn(one.service_account_role_arn().map(str::to_owned))
            .set_configuration_values(one.configuration_values().map(str::to_owned))
            .resolve_conflicts(ResolveConflicts::Preserve)
            .send()
            .await
            .map_err(|error| classify("eks UpdateAddon", error))?;
        let update = sent.update.and_then(|update| update.id);
        moving.push(Moving { addon: true, name, update });
    }
    Ok(moving)
}

/// The version that an add-on must move to, if it must: EKS's default for the next minor if that goes with this one too.
fn fitting(known: &AddonInfo, is: &str, at: &str, next: Option<&str>) -> Option<String> {
    let versions: Vec<(&str, Vec<(&str, bool)>)> = known
        .addon_versions()
        .iter()
        .map(|one| {
            let fits = one.compatibilities().iter();
            let fits =
                fits.map(|it| (it.cluster_version().unwrap_or_default(), it.default_version()));
            (one.addon_version().unwrap_or_default(), fits.collect())
        })
        .collect();
    let goes = |fits: &[(&str, bool)], with: &str| fits.iter().any(|(version, _)| *version == with);
    let default = |fits: &[(&str, bool)], of: &str| fits.contains(&(of, true));
    let fine = versions.iter().find(|(version, _)| *version == is);
    let here = fine.is_some_and(|(_, fits)| goes(fits, at));
    let there = fine.is_some_and(|(_, fits)| next.is_none_or(|next| goes(fits, next)));
    if here && there {
        return None;
    }
    let both: Vec<_> = versions
        .iter()
        .filter(|(_, fits)| goes(fits, at) && next.is_none_or(|next| goes(fits, next)))
        .collect();
    let best = both.iter().find(|(_, fits)| default(fits, next.unwrap_or(at)));
    let best = best.or(both.first()).map(|(version, _)| *version);
    // Those that go with one minor alone (kube-proxy) follow when it is there.
    let alone = || versions.iter().find(|(_, fits)| default(fits, at)).map(|(version, _)| *version);
    let best = if here { best } else { best.or_else(alone) };
    best.filter(|best| *best != is).map(str::to_owned)
}

fn stopped(name: &str, to: &str, errors: &[String]) -> Failure {
    let message = format!("EKS knows what speaks against Kubernetes {to}: {}", errors.join("; "));
    let hint = format!(
        "resolve it (`aws eks list-insights --cluster-name {name}` has the details), and deploy again"
    );
    Failure::new(Class::Invalid, message).with_hint(hint)
}

/// One minor version further on the way from `live` to `wanted`.
fn next_version(live: &str, wanted: &str) -> Result<String, Failure> {
    let minor = |text: &str| text.strip_prefix("1.").and_then(|rest| rest.parse::<u32>().ok());
    match (minor(live), minor(wanted)) {
        (Some(from), Some(to)) if to > from => Ok(format!("1.{}", from + 1)),
        _ => Err(Failure::new(
            Class::Invalid,
            format!("a cluster cannot go from version {live} to {wanted}"),
        )
        .with_hint("versions go up only: write the version that is live, or a later one")),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_eks::types::{AddonVersionInfo, Compatibility};

    use super::*;

    #[test]
    fn versions_go_up_one_by_one() {
        assert_eq!(next_version("1.33", "1.35").unwrap(), "1.34");
        assert_eq!(next_version("1.34", "1.35").unwrap(), "1.35");
        let refused = next_version("1.35", "1.34").unwrap_err();
        assert_eq!(refused.message, "a cluster cannot go from version 1.35 to 1.34");
    }

    #[test]
    fn rounds_say_what_they_do() {
        let text = |text: &str| text.to_owned();
        let version = Round::Version {
            from: text("1.33"),
            to: text("1.34"),
            goal: text("1.35"),
            update: text("u"),
        };
        assert_eq!(version.says(), "upgrading 1.33 → 1.34, on the way to 1.35");
        let moving = |addon, name| Moving { addon, name: text(name), update: None };
        let parts = Round::Parts {
            to: text("1.34"),
            moving: vec![moving(false, "a"), moving(true, "coredns"), moving(false, "b")],
        };
        assert_eq!(parts.says(), "node groups (a, b) and add-ons (coredns) follow to 1.34");
        let ticket = parts.ticket().unwrap().unwrap();
        assert_eq!(serde_json::from_str::<Round>(&ticket).unwrap(), parts);
    }

    /// An add-on's versions, each with the minors that it goes with; `!` marks where it is the default.
    fn known(versions: &[(&str, &[&str])]) -> AddonInfo {
        let versions = versions.iter().map(|(version, minors)| {
            let fits = minors.iter().map(|minor| {
                Compatibility::builder()
                    .cluster_version(minor.trim_end_matches('!'))
                    .default_version(minor.ends_with('!'))
                    .build()
            });
            let info = AddonVersionInfo::builder().addon_version(*version);
            info.set_compatibilities(Some(fits.collect())).build()
        });
        AddonInfo::builder().set_addon_versions(Some(versions.collect())).build()
    }

    #[test]
    fn add_ons_move_where_they_must() {
        let dns =
            known(&[("v3", &["1.34", "1.35!"]), ("v2", &["1.33", "1.34!"]), ("v1", &["1.33!"])]);
        let to = |is: &str, at: &str, next| fitting(&dns, is, at, next);
        assert_eq!(to("v1", "1.33", Some("1.34")).as_deref(), Some("v2"));
        assert_eq!(to("v2", "1.33", Some("1.34")), None);
        assert_eq!(to("v2", "1.34", Some("1.35")).as_deref(), Some("v3"));
        assert_eq!(to("v3", "1.35", None), None);
        let proxy = known(&[("p35", &["1.35!"]), ("p34", &["1.34!"]), ("p33", &["1.33!"])]);
        assert_eq!(fitting(&proxy, "p33", "1.33", Some("1.34")), None);
        assert_eq!(fitting(&proxy, "p33", "1.34", Some("1.35")).as_deref(), Some("p34"));
        assert_eq!(fitting(&proxy, "p34", "1.35", None).as_deref(), Some("p35"));
    }
}
