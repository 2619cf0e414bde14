//! What runs in an environment, by digest, and how it comes to run in another.

use std::collections::BTreeMap;

use super::Pipeline;
use crate::aws::facts::images;
use crate::cli::Stop;
use crate::engine::{Address, Health, Live, Observation};
use crate::planner::Promoted;
use crate::resources::ecs::running;

impl Pipeline {
    /// The images that the environment's services run, by their names (`api`, `api/proxy`), each by its digest.
    ///
    /// # Errors
    /// A service is not deployed, its last deployment has not come to a good end, or a digest cannot be told.
    pub(in crate::cli) async fn running(&self) -> Result<BTreeMap<String, Promoted>, Stop> {
        let environment = &self.target.environment;
        let manifest = self.workspace.environment(environment);
        if manifest.is_some_and(|one| one.cluster.kubernetes.is_some()) {
            return Err(Stop::refused(
                format!(
                    "environment `{environment}` is on EKS: which images its pods run is not looked at"
                ),
                "promote from an environment on ECS; to one on EKS works",
            ));
        }
        let (_, live) = self.desired_and_live().await?;
        let mut images = BTreeMap::new();
        for service in self.services() {
            for (name, image) in self.images_of(&live, &service).await? {
                let digest = image.split_once('@').map_or("", |(_, digest)| digest);
                let plain = digest.trim_start_matches("sha256:");
                let told = images::tags(self.cx(), &image).await?;
                let own = told.into_iter().find(|tag| tag.starts_with("sha-"));
                let tag =
                    own.unwrap_or_else(|| format!("promoted-{}", plain.get(..16).unwrap_or(plain)));
                images.insert(name, Promoted { from: image, tag });
            }
        }
        Ok(images)
    }

    /// What each container of a service runs, by digest.
    async fn images_of(
        &self,
        live: &Observation,
        service: &str,
    ) -> Result<BTreeMap<String, String>, Stop> {
        let environment = &self.target.environment;
        let [ecs, schedule] =
            ["ecs/service", "scheduler/schedule"].map(|kind| Address::new(kind, service));
        let nothing = || {
            Stop::refused(
                format!(
                    "service `{service}` is not deployed in environment `{environment}`: there is nothing to promote"
                ),
                format!(
                    "run `shipit svc deploy --name {service} --env {environment}` first, or name others with `--name`"
                ),
            )
        };
        let (running, field) = match (live.at(&ecs).next(), live.at(&schedule).next()) {
            (Some(service), _) => (service, "/task_definition"),
            (None, Some(schedule)) => (schedule, "/run/task_definition"),
            (None, None) => return Err(nothing()),
        };
        if running.health != Health::Ready {
            return Err(Stop::refused(
                format!(
                    "service `{service}` does not run well in environment `{environment}`: {}",
                    crate::render::human::health(&running.health)
                ),
                format!(
                    "`shipit svc status --name {service} --env {environment}` says more; promote what works"
                ),
            ));
        }
        let revision = running.spec.pointer(field).and_then(|arn| arn.as_str()).unwrap_or_default();
        let mut revisions = live.seen.of("ecs/task-definition").iter();
        let task = revisions.find(|task| task.outputs["arn"] == revision).ok_or_else(nothing)?;
        let digests = self.digests_of(running, revision).await?;
        let containers = task.spec["containers"].as_object().into_iter().flatten();
        let mut images = BTreeMap::new();
        for (container, spec) in containers {
            let image = spec["image"].as_str().unwrap_or_default();
            let name = match container == service {
                true => service.to_owned(),
                false => format!("{service}/{container}"),
            };
            let exact = match (image.contains('@'), digests.get(container)) {
                (true, _) => image.to_owned(),
                (false, Some(digest)) => format!("{}@{digest}", without_tag(image)),
                (false, None) => {
                    return Err(Stop::refused(
                        format!(
                            "which image `{image}` is cannot be told: no task of `{service}` runs in environment `{environment}`"
                        ),
                        "name the image by its digest in the manifest (`image.location: REPOSITORY@sha256:...`), or let a task run",
                    ));
                }
            };
            images.insert(name, exact);
        }
        Ok(images)
    }

    async fn digests_of(
        &self,
        running: &Live,
        revision: &str,
    ) -> Result<BTreeMap<String, String>, Stop> {
        let output = |field: &str| running.outputs[field].as_str();
        match (output("cluster"), output("name")) {
            (Some(cluster), Some(service)) => {
                Ok(running::digests(self.cx(), cluster, service, revision).await?)
            }
            _ => Ok(BTreeMap::new()),
        }
    }

    /// Has this run deploy these images, and build none.
    #[must_use]
    pub(in crate::cli) fn promoting(mut self, images: BTreeMap<String, Promoted>) -> Self {
        self.promoted = Some(images);
        self
    }
}

/// `nginx:1.27` as `nginx`; a port of the registry's stays.
fn without_tag(image: &str) -> &str {
    let last = image.rfind('/').map_or(0, |at| at + 1);
    image[last..].find(':').map_or(image, |at| &image[..last + at])
}

#[cfg(test)]
mod tests {
    use super::without_tag;

    #[test]
    fn a_tag_is_taken_off_and_a_port_is_not() {
        for (image, plain) in [
            ("nginx:1.27", "nginx"),
            ("localhost:5000/web", "localhost:5000/web"),
            ("localhost:5000/web:1", "localhost:5000/web"),
        ] {
            assert_eq!(without_tag(image), plain);
        }
    }
}
