//! A public IPv4 address of one's own.

use aws_sdk_ec2::types::{DomainType, Filter, ResourceType};
use serde::{Deserialize, Serialize};

use super::shared;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// An Elastic IP address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElasticIp {
    /// Where the address comes from: `amazon`, or the id of a pool that was brought to AWS.
    pub pool: String,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// `eipalloc-0123…`.
    AllocationId,
}

outputs! { ElasticIp => ElasticIpOutputs {
    /// What EC2 calls the address.
    allocation: AllocationId,
    /// The address itself.
    public_ip: String,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("AllocateAddress.Domain", "always `vpc`"),
    ("AllocateAddress.Address", "takes back an address that was lost: a one-time repair"),
    ("AllocateAddress.NetworkBorderGroup", "local zones are not offered"),
    ("AllocateAddress.CustomerOwnedIpv4Pool", "Outposts are not offered"),
    ("AllocateAddress.IpamPoolId", "DescribeAddresses does not say it"),
    ("AllocateAddress.TagSpecifications", "`tags`, and the ownership tags"),
    ("AllocateAddress.DryRun", "a check, not a property"),
];

/// EC2's name for its own addresses.
const AMAZON: &str = "amazon";

impl Spec for ElasticIp {
    const KIND: &'static str = "ec2/elastic-ip";
}

impl Resource for ElasticIp {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("pool")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = ElasticIpOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let addresses = list(cx, shared::owned(query)).await?;
        let owned = addresses.iter().filter_map(|address| {
            let (identity, tags) = shared::ownership(address.tags(), query)?;
            Some(to_live(address, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let pool = (self.pool != AMAZON).then(|| self.pool.clone());
        let made = cx
            .ec2
            .allocate_address()
            .domain(DomainType::Vpc)
            .set_public_ipv4_pool(pool)
            .tag_specifications(shared::on_create(ResourceType::ElasticIp, identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("ec2 AllocateAddress", error))?;
        let allocation = made.allocation_id();
        let allocation = allocation.ok_or_else(|| shared::unnamed("ec2 AllocateAddress"))?.into();
        let public_ip = made.public_ip().unwrap_or_default().to_owned();
        Ok(Progress::done(ElasticIpOutputs { allocation, public_ip }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.allocation.as_str();
        shared::retag(cx, id, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.allocation.as_str();
        let sent = cx.ec2.release_address().allocation_id(id).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 ReleaseAddress", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        // People know it by its id and by the address itself.
        let filter = if id.starts_with("eipalloc-") { "allocation-id" } else { "public-ip" };
        let addresses = list(cx, shared::only(filter, id)).await?;
        let found =
            addresses.iter().find(|one| [one.allocation_id(), one.public_ip()].contains(&Some(id)));
        Ok(found.map(|address| {
            let make = |identity, tags| to_live(address, identity, tags);
            Existing::of(shared::from_sdk(address.tags()), wanted, make)
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.allocation.as_str(), tags).await
    }
}

/// What a filter lets through.
async fn list(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::Address>, Failure> {
    let answer = cx.ec2.describe_addresses().set_filters(filters).send().await;
    let answer = answer.map_err(|error| classify("ec2 DescribeAddresses", error))?;
    Ok(answer.addresses.unwrap_or_default())
}

fn to_live(
    address: &aws_sdk_ec2::types::Address,
    identity: Identity,
    tags: Tags,
) -> Live<ElasticIp> {
    let id = address.allocation_id().unwrap_or_default();
    let public_ip = address.public_ip().unwrap_or_default();
    Live {
        identity,
        spec: ElasticIp { pool: address.public_ipv4_pool().unwrap_or(AMAZON).to_owned(), tags },
        outputs: ElasticIpOutputs { allocation: id.into(), public_ip: public_ip.to_owned() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}
