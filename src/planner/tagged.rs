//! What a plan of a network rests on that only AWS can tell: which subnets bear a service's tags, and whether the VPC
//! has IPv6 addresses already.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use crate::engine::{Class, Failure, Input, Observation};
use crate::manifest::Workspace;
use crate::manifest::environment::Vpc;
use crate::manifest::service::{Placement, Tagged};
use crate::resources::ec2::SubnetId;

/// Subnets by the tags that they were asked for with: id, and the VPC each is in.
pub type TaggedSubnets = BTreeMap<Tagged, Vec<(String, String)>>;

/// The tags by which the services of a run choose their subnets.
pub fn tags_needed(
    workspace: &Workspace,
    environment: &str,
    services: &BTreeSet<String>,
) -> BTreeSet<Tagged> {
    let placement = |name: &String| {
        let service = workspace.service_in(name, environment).ok()?;
        match service.network.vpc.placement {
            Placement::Tagged(tags) => Some(tags),
            _ => None,
        }
    };
    services.iter().filter_map(placement).collect()
}

impl Context<'_> {
    /// The subnets that bear these tags, in the environment's VPC where the manifest names it.
    ///
    /// # Errors
    /// There are none, or only in another VPC.
    pub(super) fn tagged(
        &self,
        service: &str,
        tags: &Tagged,
    ) -> Result<Vec<Input<SubnetId>>, Failure> {
        let found = self.tagged.get(tags).map(Vec::as_slice).unwrap_or_default();
        let own = match &self.manifest()?.network.vpc {
            Vpc::Imported(vpc) => Some(vpc.id.as_str()),
            Vpc::Own(_) => None,
        };
        let within: BTreeSet<&str> = found
            .iter()
            .filter(|(_, vpc)| own.is_none_or(|own| own == vpc))
            .map(|(id, _)| id.as_str())
            .collect();
        if !within.is_empty() {
            return Ok(within.into_iter().map(|id| Input::Known(id.into())).collect());
        }
        let words: Vec<String> =
            tags.iter().map(|(key, values)| format!("{key}={}", values.join("|"))).collect();
        let words = words.join(", ");
        let message = match (found.first(), own) {
            (Some((id, vpc)), Some(own)) => format!(
                "service `{service}`: subnets with {words} are not in the environment's VPC {own}: {id} is in {vpc}"
            ),
            _ => format!("service `{service}`: no subnet bears {words}"),
        };
        Err(Failure::new(Class::Invalid, message).with_hint(format!(
            "correct `network.vpc.placement.subnets.from_tags` of `{service}`; \
             `aws ec2 describe-subnets --query 'Subnets[].[SubnetId,VpcId,Tags]'` shows what there is"
        )))
    }
}

/// Addresses of an IPv6 block cannot be taken away while anything has one, so a live network keeps them.
pub(super) fn refuse_loss_of_ipv6(
    context: &Context<'_>,
    live: &Observation,
) -> Result<(), Failure> {
    let Vpc::Own(own) = &context.manifest()?.network.vpc else { return Ok(()) };
    let has = |it: &crate::engine::Live| it.spec["ipv6"] == true;
    if own.ipv6 || !live.seen.of("ec2/vpc").iter().any(has) {
        return Ok(());
    }
    Err(Failure::new(
        Class::Invalid,
        format!(
            "environment `{}` has IPv6 addresses, and its manifest says no more `ipv6: true`: \
             a VPC whose subnets are in use cannot lose its block",
            context.environment
        ),
    )
    .with_hint(
        "put `network.vpc.ipv6: true` back; an environment without it is one of another name, or made anew \
         after `shipit env delete`",
    ))
}
