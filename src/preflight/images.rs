//! Images of task definitions: there, and for the platform that the task wants.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{Reach, Report, Subject};
use crate::aws::facts::images::{self, Image};
use crate::aws::facts::reference::Reference;
use crate::aws::facts::web::Web;
use crate::engine::{Address, Failure, Input};
use crate::resources::ecs::TaskDefinition;

const CHECK: &str = "image";

/// Where an image is used.
struct Use {
    address: Address,
    container: String,
    platform: &'static str,
}

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let mut uses: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    for (address, task) in subject.changed::<TaskDefinition>() {
        let platform = if task.cpu_architecture == "ARM64" { "linux/arm64" } else { "linux/amd64" };
        for (name, container) in task.containers {
            // What this run builds is looked at when it is built.
            let Input::Known(image) = container.image else { continue };
            if container.repository_credentials.is_some() {
                report.unchecked(CHECK, "images behind credentials", "shipit does not read them");
                continue;
            }
            // Windows images are not told apart by release here.
            if task.operating_system == "LINUX" {
                let one = Use { address: address.clone(), container: name, platform };
                uses.entry(image).or_default().push(one);
            }
        }
    }
    let web = Web::default();
    join_all(uses.iter().map(|(image, uses)| one(subject, report, &web, image, uses))).await;
}

async fn one(subject: &Subject<'_>, report: &Report, web: &Web, image: &str, uses: &[Use]) {
    let reference = Reference::parse(image);
    match ask(subject, report, web, &reference).await {
        Some(Ok(found)) => uses.iter().for_each(|it| judge(report, image, it, &found)),
        Some(Err(failure)) => {
            report.failed(CHECK, &format!("images of {}", reference.host), &failure);
        }
        None => {}
    }
}

/// `None` where this registry is not asked in this run.
async fn ask(
    subject: &Subject<'_>,
    report: &Report,
    web: &Web,
    reference: &Reference,
) -> Option<Result<Image, Failure>> {
    let web = (subject.reach == Reach::Aws || reference.is_loopback()).then_some(web);
    if let Some((account, region)) = reference.ecr() {
        if region == subject.cx.region {
            return Some(images::ecr(subject.cx, account, reference, web).await);
        }
        report.unchecked(
            CHECK,
            &format!("images in {region}"),
            "only those of the environment's region are read",
        );
        return None;
    }
    match (web, subject.reach) {
        (Some(web), _) => Some(images::anywhere(web, reference).await),
        // Local AWS has every image that a registry could have.
        (None, Reach::Local) => None,
        (None, _) => {
            report.unchecked(
                CHECK,
                &format!("images of {}", reference.host),
                "the endpoint is not AWS",
            );
            None
        }
    }
}

fn judge(report: &Report, image: &str, of: &Use, found: &Image) {
    let container = &of.container;
    match found {
        Image::Missing => report.error(
            CHECK,
            &of.address,
            format!("image `{image}` of container `{container}` is not there: its registry has no such repository or tag"),
            "push it, or correct the image's name in the service's manifest".to_owned(),
        ),
        Image::Private => report.warning(
            CHECK,
            &of.address,
            format!("image `{image}` of container `{container}` is private or not there: its registry shows it only to those who sign in"),
            "give `credentials:` beside the image if it is private".to_owned(),
        ),
        Image::Found(platforms) if platforms.is_empty() => {}
        Image::Found(platforms) if platforms.iter().any(|one| one == of.platform) => {}
        Image::Found(platforms) => report.error(
            CHECK,
            &of.address,
            format!(
                "image `{image}` of container `{container}` is not for {}: it is for {}",
                of.platform,
                platforms.join(", ")
            ),
            format!("build it with `docker buildx build --platform {}`, or change `platform` in the service's manifest", of.platform),
        ),
    }
}
