//! Images: those that ECS publishes, found through the public parameters of SSM.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::errors::invalid_value;
use super::list::{self, Filters};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// What stands before the name of a family in a public parameter.
pub const PREFIX: &str = "/aws/service/";

/// An image that AWS publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// The parameter below [`PREFIX`] that holds its id.
    pub parameter: &'static str,
    /// Its architecture.
    pub architecture: &'static str,
    /// `Linux`, or `WINDOWS_SERVER_2022_CORE` and its like.
    pub system: &'static str,
}

const fn family(
    parameter: &'static str,
    architecture: &'static str,
    system: &'static str,
) -> Family {
    Family { parameter, architecture, system }
}

#[rustfmt::skip]
const FAMILIES: &[Family] = &[
    family("ecs/optimized-ami/amazon-linux-2023/recommended/image_id", "x86_64", "LINUX"),
    family("ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id", "arm64", "LINUX"),
    family("ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id", "x86_64", "LINUX"),
    family("ecs/optimized-ami/amazon-linux-2023/neuron/recommended/image_id", "x86_64", "LINUX"),
    family("ecs/optimized-ami/amazon-linux-2/recommended/image_id", "x86_64", "LINUX"),
    family("ecs/optimized-ami/amazon-linux-2/arm64/recommended/image_id", "arm64", "LINUX"),
    family("ecs/optimized-ami/amazon-linux-2/gpu/recommended/image_id", "x86_64", "LINUX"),
    family("bottlerocket/aws-ecs-2/x86_64/latest/image_id", "x86_64", "LINUX"),
    family("bottlerocket/aws-ecs-2/arm64/latest/image_id", "arm64", "LINUX"),
    family("bottlerocket/aws-ecs-2-nvidia/x86_64/latest/image_id", "x86_64", "LINUX"),
    family("bottlerocket/aws-ecs-2-nvidia/arm64/latest/image_id", "arm64", "LINUX"),
    family("ami-windows-latest/Windows_Server-2019-English-Core-ECS_Optimized/image_id", "x86_64", "WINDOWS_SERVER_2019_CORE"),
    family("ami-windows-latest/Windows_Server-2019-English-Full-ECS_Optimized/image_id", "x86_64", "WINDOWS_SERVER_2019_FULL"),
    family("ami-windows-latest/Windows_Server-2022-English-Core-ECS_Optimized/image_id", "x86_64", "WINDOWS_SERVER_2022_CORE"),
    family("ami-windows-latest/Windows_Server-2022-English-Full-ECS_Optimized/image_id", "x86_64", "WINDOWS_SERVER_2022_FULL"),
];

/// The id that a region's image of a family has here.
fn id(family: &Family, region: &str) -> String {
    let hash = Sha256::digest(format!("{region} {}", family.parameter).as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("ami-0{}", &hex[..16])
}

/// The value of a public parameter, if it is one of ECS's images.
pub fn parameter(call: &Call<'_>, name: &str) -> Option<String> {
    let name = name.strip_prefix(PREFIX)?;
    let whole = |family: &&Family| family.parameter == name;
    if let Some(family) = FAMILIES.iter().find(whole) {
        return Some(id(family, &call.region));
    }
    // ECS's own parameters have a JSON form beside.
    let found =
        FAMILIES.iter().find(|one| one.parameter.strip_suffix("/image_id") == Some(name))?;
    let image = id(found, &call.region);
    let system = found.system;
    Some(json!({"image_id": image, "os": system, "schema_version": 1}).to_string())
}

/// The image that a launch template's `ImageId` names: by its id, or `resolve:ssm:PARAMETER`.
///
/// # Errors
/// There is no such image.
pub fn resolve(call: &Call<'_>, text: &str) -> Result<(String, Option<&'static Family>), AwsError> {
    let of = |image: &str| FAMILIES.iter().find(|family| id(family, &call.region) == image);
    match text.strip_prefix("resolve:ssm:") {
        Some(name) => {
            let missing = || invalid_value(format!("The parameter {name} does not hold an image"));
            let image = parameter(call, name).ok_or_else(missing)?;
            let family = of(&image);
            Ok((image, family))
        }
        None => Ok((text.to_owned(), of(text))),
    }
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: &[(&str, &str)] = &[
        ("architecture", "architecture"),
        ("image-id", "imageId"),
        ("name", "name"),
        ("state", "imageState"),
        ("owner-alias", "imageOwnerAlias"),
    ];
    let ids = call.input.texts("ImageId")?;
    let owners = call.input.texts("Owner")?;
    let filters = Filters::read(&call.input, FILTERS)?;
    let known = |wanted: &&String| FAMILIES.iter().any(|one| id(one, &call.region) == **wanted);
    if let Some(missing) = ids.iter().find(|wanted| !known(wanted)) {
        return Err(AwsError::new(
            "InvalidAMIID.NotFound",
            format!("The image id '[{missing}]' does not exist"),
        ));
    }
    let shown = |family: &Family| {
        json!({
            "imageId": id(family, &call.region),
            "imageState": "available",
            "imageOwnerId": "591542846629",
            "imageOwnerAlias": "amazon",
            "isPublic": true,
            "architecture": family.architecture,
            "imageType": "machine",
            "name": family.parameter.trim_end_matches("/image_id").replace('/', "-"),
            "rootDeviceName": if family.system == "LINUX" { "/dev/xvda" } else { "/dev/sda1" },
            "rootDeviceType": "ebs",
            "virtualizationType": "hvm",
        })
    };
    let amazon =
        owners.is_empty() || owners.iter().any(|one| one == "amazon" || one == "591542846629");
    let rows = FAMILIES.iter().filter(|_| amazon).map(shown);
    let rows = rows
        .filter(|row| ids.is_empty() || ids.iter().any(|id| row["imageId"] == id.as_str()))
        .filter(|row| filters.meet(row))
        .collect();
    list::paged(call, "imagesSet", rows, 1000, !ids.is_empty())
}
