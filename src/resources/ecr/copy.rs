//! Copies an image from one repository to another, byte for byte, by ECR's API alone: its digest stays what it is.

use aws_sdk_ecr::primitives::Blob;
use aws_sdk_ecr::types::{Image, ImageIdentifier, LayerAvailability};
use serde_json::Value;

use crate::aws::facts::reference::Reference;
use crate::aws::facts::web::Web;
use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, waits};

/// Bytes of one part of a layer; ECR takes up to 20 MiB.
const PART: u64 = 10 << 20;

/// Copies `from`, named by digest, to `repository` of the account's own registry, and tags it unless the tag is another's.
pub(super) async fn copy(cx: &Cx, from: &str, repository: &str, tag: &str) -> Result<(), Failure> {
    let reference = Reference::parse(from);
    let Some((account, region)) = reference.ecr() else {
        return Err(Failure::internal(format!("`{from}` is in no registry of ECR")));
    };
    let mut config = cx.ecr.config().to_builder();
    if region != cx.region {
        config = config.region(aws_config::Region::new(region.to_owned()));
    }
    let source = Source {
        client: aws_sdk_ecr::Client::from_conf(config.build()),
        registry: (account != cx.account).then(|| account.to_owned()),
        repository: reference.repository.clone(),
        web: Web::default(),
    };
    source.image(cx, repository, &reference.version, Some(tag)).await
}

/// Where an image is copied from.
struct Source {
    client: aws_sdk_ecr::Client,
    /// Another account's.
    registry: Option<String>,
    repository: String,
    web: Web,
}

impl Source {
    async fn image(
        &self,
        cx: &Cx,
        to: &str,
        digest: &str,
        tag: Option<&str>,
    ) -> Result<(), Failure> {
        let image = self.manifest(digest).await?;
        let text = image.image_manifest().unwrap_or_default();
        let manifest: Value = serde_json::from_str(text).unwrap_or_default();
        // A list holds images for several platforms: they first.
        for one in manifest["manifests"].as_array().into_iter().flatten() {
            Box::pin(self.image(cx, to, one["digest"].as_str().unwrap_or_default(), None)).await?;
        }
        let layers = manifest["layers"].as_array().into_iter().flatten();
        for layer in layers.chain(manifest.get("config")) {
            let size = layer["size"].as_u64().unwrap_or_default();
            if let Some(digest) = layer["digest"].as_str() {
                self.layer(cx, to, digest, size).await?;
            }
        }
        let put = |tag: Option<String>| {
            cx.ecr
                .put_image()
                .repository_name(to)
                .image_manifest(text)
                .set_image_manifest_media_type(image.image_manifest_media_type().map(str::to_owned))
                .image_digest(digest)
                .set_image_tag(tag)
                .send()
        };
        let mut sent = put(tag.map(str::to_owned)).await;
        if let (Err(error), Some(_)) = (&sent, tag)
            && error
                .as_service_error()
                .is_some_and(|error| error.is_image_tag_already_exists_exception())
        {
            // The environment has built the same sources itself, to other bytes.
            let own = digest.trim_start_matches("sha256:");
            sent = put(Some(format!("promoted-{}", own.get(..16).unwrap_or(own)))).await;
        }
        match sent.map_err(|error| classify("ecr PutImage", error)) {
            Ok(_) => Ok(()),
            Err(failure) if failure.class == Class::AlreadyExists => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn manifest(&self, digest: &str) -> Result<Image, Failure> {
        let call = self.client.batch_get_image().repository_name(&self.repository);
        let call = call.set_registry_id(self.registry.clone());
        let sent = call.image_ids(ImageIdentifier::builder().image_digest(digest).build()).send();
        let answer =
            sent.await.map_err(|error| self.hinted(classify("ecr BatchGetImage", error)))?;
        answer.images().first().cloned().ok_or_else(|| {
            let message = format!("`{}@{digest}` is not there any more", self.repository);
            Failure::new(Class::Invalid, message)
                .with_hint("deploy the environment that it comes from anew, then promote again")
        })
    }

    /// Who may not read another account's images is told what is missing.
    fn hinted(&self, failure: Failure) -> Failure {
        match (&self.registry, failure.class) {
            (Some(account), Class::Denied) => failure.with_hint(format!(
                "the repository `{}` of account {account} needs a policy that lets this account read it (`ecr:BatchGetImage`, `ecr:GetDownloadUrlForLayer`)",
                self.repository
            )),
            _ => failure,
        }
    }

    async fn layer(&self, cx: &Cx, to: &str, digest: &str, size: u64) -> Result<(), Failure> {
        let call = cx.ecr.batch_check_layer_availability().repository_name(to);
        let sent = call.layer_digests(digest).send().await;
        let found = sent.map_err(|error| classify("ecr BatchCheckLayerAvailability", error))?;
        let there = |layer: &aws_sdk_ecr::types::Layer| {
            layer.layer_availability() == Some(&LayerAvailability::Available)
        };
        if found.layers().iter().any(there) {
            return Ok(());
        }
        waits::write(&format!("copies {digest}, {size} bytes"));
        let call = self.client.get_download_url_for_layer().repository_name(&self.repository);
        let sent = call.set_registry_id(self.registry.clone()).layer_digest(digest).send().await;
        let sent = sent.map_err(|error| classify("ecr GetDownloadUrlForLayer", error));
        let url = sent.map_err(|failure| self.hinted(failure))?;
        let url = url.download_url().unwrap_or_default();
        let sent = cx.ecr.initiate_layer_upload().repository_name(to).send().await;
        let upload = sent.map_err(|error| classify("ecr InitiateLayerUpload", error))?;
        let upload = upload.upload_id().unwrap_or_default();
        let mut first = 0;
        while first < size {
            let last = size.min(first + PART) - 1;
            let part = self.web.part(url, first, last).await?;
            if part.len() as u64 != last - first + 1 {
                let message =
                    format!("{digest} breaks off after {} bytes", first + part.len() as u64);
                return Err(Failure::new(Class::Server, message));
            }
            let call = cx.ecr.upload_layer_part().repository_name(to).upload_id(upload);
            let call = call
                .part_first_byte(i64::try_from(first).unwrap_or(i64::MAX))
                .part_last_byte(i64::try_from(last).unwrap_or(i64::MAX));
            let sent = call.layer_part_blob(Blob::new(part)).send().await;
            sent.map_err(|error| classify("ecr UploadLayerPart", error))?;
            first = last + 1;
        }
        let call = cx.ecr.complete_layer_upload().repository_name(to).upload_id(upload);
        match call.layer_digests(digest).send().await {
            Ok(_) => Ok(()),
            // Another run has brought it meanwhile.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_layer_already_exists_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(classify("ecr CompleteLayerUpload", error)),
        }
    }
}
