//! What a container runs: an image that exists or one that is built, and whether there is something to build from.

use std::path::Path;

use super::{Explain, Findings};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Build, Source};

/// The main image, and the folders of all that are built, in the workspace at `root`.
pub(crate) fn images(root: &Path, service: &ServiceManifest, findings: &mut Findings<'_>) {
    let image = &service.image;
    let whole = findings.sound(&["image"]);
    match (&image.location, &image.build) {
        _ if !whole => {}
        (None, None) => {
            findings.error("image", "`image` says neither which image it is nor how it is built").advise(
                "add `location: public.ecr.aws/nginx/nginx:1.27` or `build: Dockerfile` below `image:`",
            );
        }
        (Some(_), Some(_)) => {
            let location = findings.node.place("image.location");
            let problem =
                findings.error_of_key("image.build", "`image` has both `location` and `build`");
            *problem = problem
                .clone()
                .also(location, "this image exists already")
                .help("keep one of the two");
        }
        (None, Some(build)) => {
            there(root, "image.build", build, findings);
            if image.credentials.is_some() {
                findings
                    .error_of_key("image.credentials", "an image that is built needs no `credentials`")
                    .advise("it lies in the account's own registry, which the execution role may read: remove the line");
            }
        }
        (Some(_), None) => {}
    }
    for (name, sidecar) in &service.sidecars {
        let place = format!("sidecars.{name}.image.build");
        if let Source::Build(build) = &sidecar.image
            && findings.sound(&[&place])
        {
            there(root, &place, build, findings);
        }
    }
}

/// The folder and the Dockerfile are there.
fn there(root: &Path, place: &str, build: &Build, findings: &mut Findings<'_>) {
    let (folder, file) = (build.folder(), build.file());
    let begin = "paths begin at the workspace's root, the folder that holds `shipit`";
    if !root.join(folder).is_dir() {
        let at =
            if build.context.is_some() { format!("{place}.context") } else { place.to_owned() };
        findings.error(&at, format!("there is no folder {folder}")).advise(begin);
    } else if !root.join(&file).is_file() {
        let at = if build.dockerfile.is_some() {
            format!("{place}.dockerfile")
        } else {
            place.to_owned()
        };
        findings.error(&at, format!("there is no Dockerfile {file}")).advise(begin);
    }
}
