//! The regions of the `aws` partition and their availability zones.

/// Every region a call may be signed for. All have three zones here (AWS's larger ones have more).
pub const NAMES: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The regions that are on without being asked for.
pub(super) const OPT_IN_NOT_REQUIRED: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The zones of a region: name and id (`eu-west-1a`, `euw1-az1`).
pub(super) fn zones(region: &str) -> Vec<(String, String)> {
    let short = short(region);
    (b'a'..=b'c')
        .zip(1..)
        .map(|(letter, number)| {
            (format!("{region}{}", char::from(letter)), format!("{short}-az{number}"))
        })
        .collect()
}

/// `eu-west-1` to `euw1`, `ap-northeast-2` to `apne2`.
fn short(region: &str) -> String {
    let parts: Vec<&str> = region.split('-').collect();
    let [area, direction, number] = parts.as_slice() else { return region.to_owned() };
    let direction = match *direction {
        "northeast" => "ne",
        "southeast" => "se",
        "central" => "c",
        "north" => "n",
        "south" => "s",
        "east" => "e",
        "west" => "w",
        other => other,
    };
    format!("{area}{direction}{number}")
}
