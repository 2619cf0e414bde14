//! `ecr`: repositories with their policies, images and layers, and in `http` the registry to which images are pushed. Scans,
//! replication and pull-through caches are not here.

mod delete_image;
pub(super) mod http;
mod image;
mod image_list;
mod layer;
mod lifecycle;
mod policy;
mod registry;
mod repository;
mod settings;
mod tags;

use std::sync::Arc;

use serde_json::Value;

use super::call::Call;
use super::error::AwsError;
use super::service::{self, Protocol, Service};
use super::store::Table;

/// Repositories by name.
const REPOSITORIES: Table = Table::regional("ecr/repository");
/// Images by `repository@digest`.
const IMAGES: Table = Table::regional("ecr/image");
/// Layers by `repository@digest`.
const LAYERS: Table = Table::regional("ecr/layer");
/// Layers that are being uploaded, by `repository@upload`.
const UPLOADS: Table = Table::regional("ecr/upload");

pub(super) static SERVICE: Service = Service {
    name: "ecr",
    protocol: Protocol::Json,
    target: "AmazonEC2ContainerRegistry_V20150921",
    namespace: "",
    invalid: "InvalidParameterException",
    invalid_token: "InvalidParameterException",
    throttle: ("ThrottlingException", 400),
    timer: None,
    operations: &[
        service::write("CreateRepository", repository::create),
        service::read("DescribeRepositories", repository::describe),
        service::write("DeleteRepository", repository::delete),
        service::write("PutImageScanningConfiguration", settings::put_scanning),
        service::write("PutImageTagMutability", settings::put_mutability),
        service::write("PutLifecyclePolicy", lifecycle::put),
        service::read("GetLifecyclePolicy", lifecycle::get),
        service::write("DeleteLifecyclePolicy", lifecycle::delete),
        service::write("SetRepositoryPolicy", policy::set),
        service::read("GetRepositoryPolicy", policy::get),
        service::write("DeleteRepositoryPolicy", policy::delete),
        service::read("GetAuthorizationToken", registry::get_authorization_token),
        service::read("DescribeRegistry", registry::describe),
        service::write("PutImage", image::put),
        service::read("BatchGetImage", image::batch_get),
        service::read("DescribeImages", image_list::describe),
        service::read("ListImages", image_list::list),
        service::read("BatchCheckLayerAvailability", layer::check),
        service::write("InitiateLayerUpload", layer::initiate),
        service::write("UploadLayerPart", layer::part),
        service::write("CompleteLayerUpload", layer::complete),
        service::read("GetDownloadUrlForLayer", layer::download_url),
        service::write("BatchDeleteImage", delete_image::batch_delete),
        service::write("TagResource", tags::tag),
        service::write("UntagResource", tags::untag),
        service::read("ListTagsForResource", tags::list),
    ],
};

/// Is there a repository with this ARN?
pub(super) fn exists(call: &Call<'_>, arn: &str) -> bool {
    let prefix = call.arn("ecr", "repository/");
    arn.strip_prefix(&prefix).is_some_and(|name| call.get(REPOSITORIES, name).is_some())
}

/// The repository that `repositoryName` names, in this account's registry.
fn find(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let name = call.input.text("repositoryName")?;
    own_registry(call)?;
    let found = call.get(REPOSITORIES, &name).ok_or_else(|| not_found(call, &name))?;
    Ok((name, found))
}

/// `registryId`, if it is given, must be this account's: nobody shares a registry here.
fn own_registry(call: &Call<'_>) -> Result<(), AwsError> {
    match call.input.optional_text("registryId")? {
        Some(registry) if registry != call.account => Err(AwsError::not_modelled(format!(
            "local AWS serves the registry of account {}, not {registry}",
            call.account
        ))),
        _ => Ok(()),
    }
}

fn not_found(call: &Call<'_>, name: &str) -> AwsError {
    AwsError::new(
        "RepositoryNotFoundException",
        format!(
            "The repository with name '{name}' does not exist in the registry with id '{}'",
            call.account
        ),
    )
}
