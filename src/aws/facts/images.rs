//! Images of container registries, and the platforms they are for.

use serde_json::Value;

use super::reference::Reference;
use super::web::{Answer, Web};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{Class, Failure};

/// What a registry says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// There is none of that name.
    Missing,
    /// It is not shown to everyone, or is not there: the registry does not tell which.
    Private,
    /// It is there, for these platforms (`linux/arm64`); none are listed where they are not told.
    Found(Vec<String>),
}

const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// What a manifest says.
#[derive(Debug, PartialEq, Eq)]
enum Manifest {
    /// One of each of these platforms.
    Index(Vec<String>),
    /// One image, whose configuration says the platform.
    Single(String),
    /// Neither.
    Other,
}

fn read(text: &[u8]) -> Manifest {
    let Ok(document) = serde_json::from_slice::<Value>(text) else { return Manifest::Other };
    if let Some(list) = document["manifests"].as_array() {
        let platforms = list.iter().filter_map(|one| platform(&one["platform"]));
        return Manifest::Index(platforms.collect());
    }
    match document["config"]["digest"].as_str() {
        Some(digest) => Manifest::Single(digest.to_owned()),
        None => Manifest::Other,
    }
}

/// `linux/arm64`; attestations call theirs unknown.
fn platform(of: &Value) -> Option<String> {
    let (system, architecture) = (of["os"].as_str()?, of["architecture"].as_str()?);
    (system != "unknown").then(|| format!("{system}/{architecture}"))
}

/// The same image by its digest, for one that is named by a tag in a registry of ECR in the clients' region
/// (`ecr:DescribeImages`); `None` where there is none, or the registry is another region's.
///
/// # Errors
/// The API refuses.
pub async fn digest(cx: &Cx, image: &str) -> Result<Option<String>, Failure> {
    let reference = Reference::parse(image);
    let Some((account, _)) = reference.ecr().filter(|(_, region)| *region == cx.region) else {
        return Ok(None);
    };
    if reference.is_digest() {
        return Ok(None);
    }
    let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag(&reference.version);
    let call = cx
        .ecr
        .describe_images()
        .repository_name(&reference.repository)
        .image_ids(id.build())
        .set_registry_id((account != cx.account).then(|| account.to_owned()));
    let answer = call.send().await.map_err(|error| classify("ecr DescribeImages", error));
    let Some(answer) = unless_gone(answer)? else { return Ok(None) };
    let digest = answer.image_details().first().and_then(|detail| detail.image_digest());
    Ok(digest.map(|digest| format!("{}/{}@{digest}", reference.host, reference.repository)))
}

/// The tags of an image that is named by its digest in a registry of ECR in the clients' region; none elsewhere.
///
/// # Errors
/// The API refuses.
pub async fn tags(cx: &Cx, image: &str) -> Result<Vec<String>, Failure> {
    let reference = Reference::parse(image);
    let here = reference.ecr() == Some((cx.account.as_str(), cx.region.as_str()));
    if !here || !reference.is_digest() {
        return Ok(Vec::new());
    }
    let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_digest(&reference.version);
    let call = cx.ecr.describe_images().repository_name(&reference.repository);
    let answer = call.image_ids(id.build()).send().await;
    let answer = unless_gone(answer.map_err(|error| classify("ecr DescribeImages", error)))?;
    let detail = answer.and_then(|answer| answer.image_details().first().cloned());
    Ok(detail.map(|detail| detail.image_tags().to_vec()).unwrap_or_default())
}

/// The image of an ECR registry in the clients' region (`ecr:BatchGetImage`). The platform of an
/// image that is not a list is in its configuration, which lies in S3: it is read with `web` only.
///
/// # Errors
/// The API refuses, or S3 cannot be reached.
pub async fn ecr(
    cx: &Cx,
    account: &str,
    reference: &Reference,
    web: Option<&Web>,
) -> Result<Image, Failure> {
    let id = aws_sdk_ecr::types::ImageIdentifier::builder();
    let id = match reference.is_digest() {
        true => id.image_digest(&reference.version),
        false => id.image_tag(&reference.version),
    };
    let call = cx
        .ecr
        .batch_get_image()
        .repository_name(&reference.repository)
        .image_ids(id.build())
        .set_accepted_media_types(Some(MEDIA_TYPES.map(str::to_owned).to_vec()))
        .set_registry_id((account != cx.account).then(|| account.to_owned()));
    let answer = call.send().await.map_err(|error| classify("ecr BatchGetImage", error));
    let Some(answer) = unless_gone(answer)? else { return Ok(Image::Missing) };
    let Some(image) = answer.images().first() else { return Ok(Image::Missing) };
    let config = match read(image.image_manifest().unwrap_or_default().as_bytes()) {
        Manifest::Index(platforms) => return Ok(Image::Found(platforms)),
        Manifest::Single(config) => config,
        Manifest::Other => return Ok(Image::Found(Vec::new())),
    };
    let Some(web) = web else { return Ok(Image::Found(Vec::new())) };
    let url = cx
        .ecr
        .get_download_url_for_layer()
        .repository_name(&reference.repository)
        .layer_digest(config)
        .set_registry_id((account != cx.account).then(|| account.to_owned()))
        .send()
        .await
        .map_err(|error| classify("ecr GetDownloadUrlForLayer", error))?;
    let answer = web.get(url.download_url().unwrap_or_default(), &[]).await?;
    Ok(Image::Found(of_config(&answer)))
}

fn of_config(answer: &Answer) -> Vec<String> {
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    platform(&document).into_iter().collect()
}

/// The image of any other registry, asked for as nobody in particular (registry HTTP API v2).
///
/// # Errors
/// The registry cannot be reached, or answers what it should not.
pub async fn anywhere(web: &Web, reference: &Reference) -> Result<Image, Failure> {
    let base = format!("{}/{}", reference.api(), reference.repository);
    let accept = MEDIA_TYPES.join(", ");
    let url = format!("{base}/manifests/{}", reference.version);
    let mut token = None;
    let mut answer = web.get(&url, &[("accept", &accept)]).await?;
    if answer.status == 401
        && let Some(bearer) = self::token(web, reference, answer.challenge.as_deref()).await?
    {
        let bearer = format!("Bearer {bearer}");
        answer = web.get(&url, &[("accept", &accept), ("authorization", &bearer)]).await?;
        token = Some(bearer);
    }
    match answer.status {
        200 => {}
        404 => return Ok(Image::Missing),
        401 | 403 => return Ok(Image::Private),
        429 => return Err(Failure::new(Class::Throttled, format!("{} throttles", reference.host))),
        status => {
            let text = format!("{} answered HTTP {status}", reference.host);
            return Err(Failure::new(Class::Server, text));
        }
    }
    match read(&answer.body) {
        Manifest::Index(platforms) => Ok(Image::Found(platforms)),
        Manifest::Single(digest) => {
            let url = format!("{base}/blobs/{digest}");
            Ok(Image::Found(blob(web, &url, token.as_deref()).await?))
        }
        Manifest::Other => Ok(Image::Found(Vec::new())),
    }
}

/// The platform that an image's configuration names, wherever the registry keeps it.
async fn blob(web: &Web, url: &str, token: Option<&str>) -> Result<Vec<String>, Failure> {
    let headers: Vec<(&'static str, &str)> =
        token.map(|token| ("authorization", token)).into_iter().collect();
    let mut answer = web.get(url, &headers).await?;
    for _ in 0..3 {
        // The store that a registry sends on to has its own signature in the address.
        match answer.location.take() {
            Some(next) if (300..400).contains(&answer.status) => {
                answer = web.get(&next, &[]).await?;
            }
            _ => break,
        }
    }
    Ok(of_config(&answer))
}

/// A token for nobody in particular, from where the registry's challenge says.
async fn token(
    web: &Web,
    reference: &Reference,
    challenge: Option<&str>,
) -> Result<Option<String>, Failure> {
    let Some(fields) = challenge.and_then(|text| text.strip_prefix("Bearer ")) else {
        return Ok(None);
    };
    let field = |name: &str| {
        let (_, rest) = fields.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value.replace(' ', "%20"))
    };
    let Some(realm) = field("realm") else { return Ok(None) };
    let scope = format!("repository:{}:pull", reference.repository);
    let url = format!(
        "{realm}?service={}&scope={}",
        field("service").unwrap_or_default(),
        field("scope").unwrap_or(scope)
    );
    let answer = web.get(&url, &[]).await?;
    let document: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let token = document["token"].as_str().or_else(|| document["access_token"].as_str());
    Ok(token.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_say_their_platforms() {
        let index = br#"{"manifests": [
            {"platform": {"os": "linux", "architecture": "amd64"}},
            {"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
            {"platform": {"os": "unknown", "architecture": "unknown"}}]}"#;
        let platforms = ["linux/amd64", "linux/arm64"].map(str::to_owned).to_vec();
        assert_eq!(read(index), Manifest::Index(platforms));
        let single = br#"{"config": {"digest": "sha256:ab"}, "layers": []}"#;
        assert_eq!(read(single), Manifest::Single("sha256:ab".into()));
        assert_eq!(read(b"<html>"), Manifest::Other);
    }
}
