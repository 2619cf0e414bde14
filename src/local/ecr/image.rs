//! Images: a manifest with its digest and tags.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{IMAGES, find};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::faults::matches;
use crate::local::params::Params;

const DEFAULT_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, found) = find(call)?;
    let input = call.input.clone();
    let manifest = input.text("imageManifest")?;
    let given_type = input.optional_text("imageManifestMediaType")?;
    let tag = input.optional_text("imageTag")?;
    let given_digest = input.optional_text("imageDigest")?;
    let Ok(parsed) = serde_json::from_str::<Value>(&manifest) else {
        return Err(input.invalid("Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"));
    };
    let media_type = match (parsed.text("mediaType"), given_type) {
        ("", None) => DEFAULT_TYPE.to_owned(),
        ("", Some(given)) => given,
        (own, Some(given)) if own != given => {
            return Err(input.invalid("imageManifestMediaType is not that of the manifest"));
        }
        (own, _) => own.to_owned(),
    };
    let hex: String = Sha256::digest(&manifest).iter().map(|byte| format!("{byte:02x}")).collect();
    let digest = format!("sha256:{hex}");
    if given_digest.is_some_and(|given| given != digest) {
        return Err(AwsError::new(
            "ImageDigestDoesNotMatchException",
            format!("The image digest is '{digest}'"),
        ));
    }
    let key = format!("{repository}@{digest}");
    let existing = call.get(IMAGES, &key);
    let holder = tag.as_deref().and_then(|tag| tagged(call, &repository, tag));
    if existing.is_some() && (tag.is_none() || holder.as_deref() == Some(key.as_str())) {
        return Err(AwsError::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}' and tag '{}' already exists in the repository with name '{repository}' in registry with id '{}'",
                tag.unwrap_or_default(),
                call.account
            ),
        ));
    }
    if let (Some(tag), Some(holder)) = (&tag, &holder) {
        if is_immutable(&found, tag) {
            return Err(AwsError::new(
                "ImageTagAlreadyExistsException",
                format!(
                    "The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because the tag is immutable."
                ),
            ));
        }
        drop_tag(call, holder, tag);
    }
    let mut image = existing.map_or_else(
        || {
            let layers = parsed.list("layers").iter().map(|layer| layer.integer("size"));
            let size = layers.sum::<i64>() + parsed["config"].integer("size");
            json!({
                "digest": digest,
                "tags": [],
                "manifest": manifest,
                "mediaType": media_type,
                "pushed": call.now,
                "size": size,
            })
        },
        |existing| Value::clone(&existing),
    );
    if let Some(tag) = &tag {
        let mut tags: Vec<String> = image.texts("tags").into_iter().map(str::to_owned).collect();
        tags.push(tag.clone());
        image.set("tags", tags);
    }
    let output = json!({"image": shown(call, &repository, &image, tag.as_deref())});
    call.put(IMAGES, &key, image);
    Ok(output)
}

pub(super) fn batch_get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let ids = ids_of_input(&call.input)?;
    // Manifests are kept in one form, which is what is asked for or not there.
    let accepted = call.input.texts("acceptedMediaTypes")?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        match resolve(call, &repository, &id) {
            Ok((_, image))
                if accepted.is_empty()
                    || accepted.iter().any(|it| it == image.text("mediaType")) =>
            {
                let tag = id.tag.as_deref().or_else(|| image.texts("tags").first().copied());
                images.push(shown(call, &repository, &image, tag));
            }
            Ok(_) => failures.push(id.failure("ImageNotFound", "Requested image not found")),
            Err(failure) => failures.push(failure),
        }
    }
    Ok(json!({"images": images, "failures": failures}))
}

/// How an image is named: by digest, tag or both.
pub(super) struct ImageId {
    pub(super) digest: Option<String>,
    pub(super) tag: Option<String>,
}

impl ImageId {
    pub(super) fn failure(&self, code: &str, why: &str) -> Value {
        json!({"imageId": self.shown(), "failureCode": code, "failureReason": why})
    }

    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({});
        if let Some(digest) = &self.digest {
            shown.set("imageDigest", digest.clone());
        }
        if let Some(tag) = &self.tag {
            shown.set("imageTag", tag.clone());
        }
        shown
    }
}

/// The 1 to 100 members of `imageIds`.
pub(super) fn ids_of_input(input: &Params) -> Result<Vec<ImageId>, AwsError> {
    let given = input.structures("imageIds")?;
    if given.len() > 100 {
        return Err(input.invalid("At most 100 imageIds can be given"));
    }
    let id = |id: Params| {
        Ok(ImageId { digest: id.optional_text("imageDigest")?, tag: id.optional_text("imageTag")? })
    };
    given.into_iter().map(id).collect()
}

/// The key and document of the image that `id` names, or the failure that says why not.
pub(super) fn resolve(
    call: &Call<'_>,
    repository: &str,
    id: &ImageId,
) -> Result<(String, std::sync::Arc<Value>), Value> {
    let key = match id {
        ImageId { digest: Some(digest), .. } => format!("{repository}@{digest}"),
        ImageId { tag: Some(tag), .. } => tagged(call, repository, tag).unwrap_or_default(),
        _ => {
            return Err(id.failure(
                "MissingDigestAndTag",
                "Invalid request parameters: both tag and digest cannot be null",
            ));
        }
    };
    let Some(image) = call.get(IMAGES, &key) else {
        return Err(id.failure("ImageNotFound", "Requested image not found"));
    };
    match &id.tag {
        Some(tag) if !image.texts("tags").contains(&tag.as_str()) => Err(id.failure(
            "ImageTagDoesNotMatchDigest",
            "Requested tag does not match the digest of the image",
        )),
        _ => Ok((key, image)),
    }
}

/// Takes a tag from an image.
pub(super) fn drop_tag(call: &mut Call<'_>, key: &str, tag: &str) {
    call.update(IMAGES, key, |image| {
        let tags: Vec<String> = image
            .texts("tags")
            .into_iter()
            .filter(|other| *other != tag)
            .map(str::to_owned)
            .collect();
        image.set("tags", tags);
    });
}

fn tagged(call: &Call<'_>, repository: &str, tag: &str) -> Option<String> {
    let images = call.scan(IMAGES, &format!("{repository}@")).into_iter();
    let mut with_tag = images.filter(|(_, image)| image.texts("tags").contains(&tag));
    with_tag.next().map(|(key, _)| key)
}

fn is_immutable(repository: &Value, tag: &str) -> bool {
    let filters = repository.list("imageTagMutabilityExclusionFilters");
    let excluded = filters.iter().any(|filter| matches(filter.text("filter"), tag));
    match repository.text("imageTagMutability") {
        "IMMUTABLE" => true,
        "IMMUTABLE_WITH_EXCLUSION" => !excluded,
        "MUTABLE_WITH_EXCLUSION" => excluded,
        _ => false,
    }
}

fn shown(call: &Call<'_>, repository: &str, image: &Value, tag: Option<&str>) -> Value {
    let mut id = json!({"imageDigest": image["digest"]});
    if let Some(tag) = tag {
        id.set("imageTag", tag);
    }
    json!({
        "registryId": call.account,
        "repositoryName": repository,
        "imageId": id,
        "imageManifest": image["manifest"],
        "imageManifestMediaType": image["mediaType"],
    })
}
