//! When an environment ends that has no manifest of its own.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::engine::{Address, Desired, Observation, Spec};
use crate::resources::ecs::Cluster;

/// Writes it on the environment's cluster: what stands there already, so that a second deploy changes nothing; but a new
/// time once half of the old one is over, or where the manifest now says less. Whole hours, so that a saved plan holds.
pub fn expire(desired: &mut Desired, live: &Observation, ttl: Duration, now: OffsetDateTime) {
    let address = Address::new(Cluster::KIND, "main");
    let Some(node) = desired.nodes.get_mut(&address) else { return };
    let latest = whole_hour(now + ttl);
    let found = live.at(&address).next().and_then(|one| one.spec["expires"].as_str());
    let there = found.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    let expires = there.filter(|at| (now + ttl / 2..=latest).contains(at)).unwrap_or(latest);
    if let Ok(text) = expires.format(&Rfc3339) {
        node.spec["expires"] = json!(text);
    }
}

/// The end of the hour.
fn whole_hour(at: OffsetDateTime) -> OffsetDateTime {
    let rest = at.unix_timestamp().rem_euclid(3_600);
    let whole = at.unix_timestamp() + if rest == 0 { 0 } else { 3_600 - rest };
    OffsetDateTime::from_unix_timestamp(whole).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_whole() {
        let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        assert_eq!(whole_hour(at(7_200)), at(7_200));
        assert_eq!(whole_hour(at(7_201)), at(10_800));
    }
}
