//! Lists of a repository's images.

use std::sync::Arc;

use serde_json::{Value, json};

use super::image::{self, ImageId};
use super::{IMAGES, find};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let input = call.input.clone();
    let ids = image::ids_of_input(&input)?;
    let token = input.optional_text("nextToken")?;
    let size = input.optional_integer_within("maxResults", 1, 1000)?;
    let status = tag_status(call)?;
    if !ids.is_empty() && (token.is_some() || size.is_some()) {
        return Err(input.invalid("maxResults and nextToken cannot be given with imageIds"));
    }
    let found: Vec<Arc<Value>> = if ids.is_empty() {
        images(call, &repository, &status)
    } else {
        let by_id = |id: &ImageId| {
            let found = image::resolve(call, &repository, id).map(|(_, image)| image);
            found.map_err(|_| not_found(call, &repository, id))
        };
        ids.iter().map(by_id).collect::<Result<_, _>>()?
    };
    let key = |image: &Arc<Value>| image.text("digest").to_owned();
    let page = call.page(found, size.unwrap_or(100) as usize, token.as_deref(), key)?;
    let shown = |image: &Arc<Value>| {
        let mut shown = json!({
            "registryId": call.account,
            "repositoryName": repository,
            "imageDigest": image["digest"],
            "imageSizeInBytes": image["size"],
            "imagePushedAt": call.time(image.time("pushed")),
            "imageManifestMediaType": image["mediaType"],
            "imageStatus": "ACTIVE",
        });
        if !image.list("tags").is_empty() {
            shown.set("imageTags", image["tags"].clone());
        }
        shown
    };
    let shown: Vec<Value> = page.items.iter().map(shown).collect();
    Ok(with_token(json!({"imageDetails": shown}), page.next))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let token = call.input.optional_text("nextToken")?;
    let size = call.input.optional_integer_within("maxResults", 1, 1000)?.unwrap_or(100);
    let status = tag_status(call)?;
    let mut ids = Vec::new();
    for image in images(call, &repository, &status) {
        let digest = Some(image.text("digest").to_owned());
        for tag in image.texts("tags") {
            ids.push(ImageId { digest: digest.clone(), tag: Some(tag.to_owned()) }.shown());
        }
        if image.list("tags").is_empty() {
            ids.push(ImageId { digest, tag: None }.shown());
        }
    }
    let page = call.page(ids, size as usize, token.as_deref(), Value::to_string)?;
    Ok(with_token(json!({"imageIds": page.items}), page.next))
}

fn images(call: &Call<'_>, repository: &str, status: &str) -> Vec<Arc<Value>> {
    let images = call.scan(IMAGES, &format!("{repository}@")).into_iter().map(|(_, image)| image);
    let wanted = |image: &Arc<Value>| match status {
        "TAGGED" => !image.list("tags").is_empty(),
        "UNTAGGED" => image.list("tags").is_empty(),
        _ => true,
    };
    images.filter(wanted).collect()
}

fn tag_status(call: &Call<'_>) -> Result<String, AwsError> {
    let Some(filter) = call.input.optional_structure("filter")? else {
        return Ok("ANY".to_owned());
    };
    let status = filter.optional_one_of("tagStatus", &["TAGGED", "UNTAGGED", "ANY"])?;
    Ok(status.unwrap_or_else(|| "ANY".to_owned()))
}

fn not_found(call: &Call<'_>, repository: &str, id: &ImageId) -> AwsError {
    AwsError::new(
        "ImageNotFoundException",
        format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{repository}' in the registry with id '{}'",
            id.digest.as_deref().unwrap_or("null"),
            id.tag.as_deref().unwrap_or("null"),
            call.account
        ),
    )
}

fn with_token(mut output: Value, token: Option<String>) -> Value {
    if let Some(token) = token {
        output.set("nextToken", token);
    }
    output
}
