//! Images deleted in batches: by digest the image with all its tags, by tag the tag, and the image
//! with its last one.

use serde_json::{Value, json};

use super::image::{self, ImageId};
use super::{IMAGES, find};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn batch_delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let ids = image::ids_of_input(&call.input)?;
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        let (key, found) = match image::resolve(call, &repository, &id) {
            Ok(found) => found,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let digest = Some(found.text("digest").to_owned());
        let tags = found.texts("tags");
        match (&id.tag, &id.digest) {
            (Some(tag), None) => {
                deleted.push(ImageId { digest, tag: Some(tag.clone()) }.shown());
                if tags.len() > 1 {
                    image::drop_tag(call, &key, tag);
                } else {
                    call.delete(IMAGES, &key);
                }
            }
            _ => {
                let named =
                    |tag: &&str| ImageId { digest: digest.clone(), tag: Some((*tag).to_owned()) };
                deleted.extend(tags.iter().map(|tag| named(tag).shown()));
                if tags.is_empty() {
                    deleted.push(ImageId { digest: digest.clone(), tag: None }.shown());
                }
                call.delete(IMAGES, &key);
            }
        }
    }
    Ok(json!({"imageIds": deleted, "failures": failures}))
}
