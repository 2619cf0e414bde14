//! Layers and configurations of images. The small ones are kept whole; of the large ones, which only a push through the registry
//! brings, it is known that they are there and how large they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{LAYERS, UPLOADS, find};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Up to so many bytes are kept.
pub(super) const KEPT: usize = 1 << 20;
/// The size of a part that ECR asks for.
const PART: i64 = 10 << 20;

pub(super) fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// What is kept of a layer.
pub(super) fn document(bytes: &[u8]) -> Value {
    let mut layer = json!({"size": bytes.len()});
    if bytes.len() <= KEPT {
        layer.set("content", STANDARD.encode(bytes));
    }
    layer
}

pub(super) fn check(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let digests = call.input.texts("layerDigests")?;
    if digests.is_empty() || digests.len() > 100 {
        return Err(call.input.invalid("Invalid parameter at 'layerDigests': 1 to 100 are taken"));
    }
    let (mut layers, mut failures) = (Vec::new(), Vec::new());
    for digest in digests {
        if !digest.starts_with("sha256:") {
            failures.push(json!({
                "layerDigest": digest,
                "failureCode": "InvalidLayerDigest",
                "failureReason": "Invalid layer digest",
            }));
            continue;
        }
        let found = call.get(LAYERS, &format!("{repository}@{digest}"));
        layers.push(match found {
            Some(layer) => json!({
                "layerDigest": digest,
                "layerAvailability": "AVAILABLE",
                "layerSize": layer["size"],
            }),
            None => json!({"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}),
        });
    }
    Ok(json!({"layers": layers, "failures": failures}))
}

pub(super) fn initiate(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let upload = call.ids.uuid();
    call.put(UPLOADS, &format!("{repository}@{upload}"), json!({"content": ""}));
    Ok(json!({"uploadId": upload, "partSize": PART}))
}

pub(super) fn part(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let (upload, mut held) = upload(call, &repository)?;
    let first = call.input.integer("partFirstByte")?;
    let last = call.input.integer("partLastByte")?;
    let Ok(bytes) = STANDARD.decode(call.input.text("layerPartBlob")?) else {
        return Err(call.input.invalid("Invalid parameter at 'layerPartBlob': no base64"));
    };
    let length = i64::try_from(held.len()).unwrap_or(i64::MAX);
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    if first != length || last - first + 1 != size {
        return Err(AwsError::new(
            "InvalidLayerPartException",
            format!("Invalid layer part: expected bytes from {length}, got {first} to {last}"),
        ));
    }
    held.extend(bytes);
    if held.len() > KEPT {
        return Err(AwsError::not_modelled(format!(
            "local AWS takes layers of up to {KEPT} bytes by UploadLayerPart"
        )));
    }
    call.put(UPLOADS, &format!("{repository}@{upload}"), json!({"content": STANDARD.encode(held)}));
    Ok(json!({
        "registryId": call.account,
        "repositoryName": repository,
        "uploadId": upload,
        "lastByteReceived": last,
    }))
}

pub(super) fn complete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let (upload, held) = upload(call, &repository)?;
    let wanted = call.input.texts("layerDigests")?;
    if held.is_empty() {
        return Err(AwsError::new(
            "EmptyUploadException",
            "The upload does not contain any layer parts",
        ));
    }
    let digest = digest(&held);
    if !wanted.contains(&digest) {
        return Err(AwsError::new(
            "InvalidLayerException",
            format!("The layer digest calculation performed by Amazon ECR is '{digest}'"),
        ));
    }
    let key = format!("{repository}@{digest}");
    call.delete(UPLOADS, &format!("{repository}@{upload}"));
    if call.get(LAYERS, &key).is_some() {
        return Err(AwsError::new(
            "LayerAlreadyExistsException",
            format!(
                "Layer with digest '{digest}' already exists in the repository with name '{repository}'"
            ),
        ));
    }
    call.put(LAYERS, &key, document(&held));
    Ok(json!({
        "registryId": call.account,
        "repositoryName": repository,
        "uploadId": upload,
        "layerDigest": digest,
    }))
}

/// The upload that `uploadId` names, and what it holds.
fn upload(call: &Call<'_>, repository: &str) -> Result<(String, Vec<u8>), AwsError> {
    let id = call.input.text("uploadId")?;
    let Some(found) = call.get(UPLOADS, &format!("{repository}@{id}")) else {
        return Err(AwsError::new(
            "UploadNotFoundException",
            format!("The upload with id '{id}' does not exist in the repository '{repository}'"),
        ));
    };
    let held = STANDARD.decode(found.text("content")).map_err(AwsError::internal)?;
    Ok((id, held))
}

pub(super) fn download_url(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let digest = call.input.text("layerDigest")?;
    if call.get(LAYERS, &format!("{repository}@{digest}")).is_none() {
        return Err(AwsError::new(
            "LayersNotFoundException",
            format!("Layer '{digest}' does not exist in the repository '{repository}'"),
        ));
    }
    let (host, account, region) = (&call.host, &call.account, &call.region);
    Ok(json!({
        "downloadUrl": format!("http://{host}/_shipit/ecr/{account}/{region}/{repository}@{digest}"),
        "layerDigest": digest,
    }))
}

/// What the registry asks about: is it there, how large is it, what is in it.
pub(super) fn read(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let digest = call.input.text("layerDigest")?;
    let layer = call.get(LAYERS, &format!("{repository}@{digest}"));
    Ok(layer.map_or(Value::Null, |layer| Value::clone(&layer)))
}

/// What the registry has received, as [`document`] has it.
pub(super) fn store(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (repository, _) = find(call)?;
    let digest = call.input.text("layerDigest")?;
    let layer = call.input.raw("layer").unwrap_or_default();
    call.put(LAYERS, &format!("{repository}@{digest}"), layer);
    Ok(json!({}))
}
