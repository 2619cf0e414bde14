//! The hosted zones that something has records in, kept in its tags: `shipit:zone:example.com` = `Z123`.

use std::collections::BTreeMap;

use crate::resources::resource::Tags;

const TAG: &str = "shipit:zone:";

/// Zones by name, as a document holds them.
pub(in crate::resources) type Zones = BTreeMap<String, String>;

/// As tags.
pub(in crate::resources) fn to_tags(zones: &Zones) -> Tags {
    zones.iter().map(|(name, id)| (format!("{TAG}{name}"), id.clone())).collect()
}

/// From all tags of an object.
pub(in crate::resources) fn from_tags(tags: &Tags) -> Zones {
    let zone =
        |(key, id): (&String, &String)| Some((key.strip_prefix(TAG)?.to_owned(), id.clone()));
    tags.iter().filter_map(zone).collect()
}

/// The id of the zone that a name lies in: the nearest.
pub(in crate::resources) fn of<'a>(zones: &'a Zones, name: &str) -> Option<&'a str> {
    let name = name.trim_start_matches("*.");
    let within = |zone: &str| {
        name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
    };
    let nearest = zones.iter().filter(|(zone, _)| within(zone)).max_by_key(|(zone, _)| zone.len());
    nearest.map(|(_, id)| id.as_str())
}
