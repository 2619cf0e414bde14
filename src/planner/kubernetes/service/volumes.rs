//! What containers of a pod mount: a directory that they share, or a file system of EFS.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::object::{self, Fields};
use super::{Parts, Planner};
use crate::engine::{Failure, Wait};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Efs, Sidecar};
use crate::planner::storage::{self, Disks, Files};

/// EFS grows with what is in it; Kubernetes wants a number.
const ANY_SIZE: &str = "1Ti";

/// The secrets with passwords of registries that the service's images lie in, each once.
pub(super) fn credentials(service: &ServiceManifest) -> impl Iterator<Item = &str> {
    let sidecars = service.sidecars.values().filter_map(|sidecar| sidecar.credentials.as_deref());
    let all: BTreeSet<&str> =
        service.image.credentials.as_deref().into_iter().chain(sidecars).collect();
    all.into_iter()
}

impl Planner<'_> {
    /// The volumes, and who may use the file systems.
    pub(super) fn volumes(
        &mut self,
        files: Option<&Files>,
        parts: &mut Parts,
    ) -> Result<Disks, Failure> {
        let service = self.service;
        let disks = storage::plan(self.desired, self.place.context, service, files)?;
        for (name, volume) in &service.storage.volumes {
            let source = match &volume.efs {
                Some(efs) => {
                    self.claim(name, efs, parts)?;
                    json!({ "persistentVolumeClaim": { "claimName": self.claim_name(name) } })
                }
                None => json!({ "emptyDir": {} }),
            };
            let mut volume = source;
            volume["name"] = json!(name);
            parts.volumes.push(volume);
        }
        self.registries(parts)?;
        Ok(disks)
    }

    fn claim_name(&self, volume: &str) -> String {
        format!("{}-{volume}", self.service.name)
    }

    /// A PersistentVolume of EFS, which belongs to the cluster, and the claim that is its only one.
    fn claim(&mut self, volume: &str, efs: &Efs, parts: &mut Parts) -> Result<(), Failure> {
        let service = self.service;
        let application = self.place.context.application();
        let name = self.claim_name(volume);
        let whole = format!("{application}-{name}");
        let (handle, iam) = match efs {
            Efs::Own { id, root_dir, iam, access_point } => {
                let handle = match (access_point, root_dir.as_str()) {
                    (Some(point), _) => format!("{id}::{point}"),
                    (None, "/") => id.clone(),
                    (None, folder) => format!("{id}:{folder}"),
                };
                (json!(handle), *iam)
            }
            // The mount targets have to be there, too.
            Efs::Managed { .. } => {
                let point = format!("efs/access-point.{}", service.name);
                (json!({ "$output": [point, "volume_handle"], "$wait": "ready" }), true)
            }
        };
        let mut options = vec!["tls"];
        if iam {
            options.push("iam");
        }
        let claim = json!({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "name": name,
            "namespace": object::namespace(),
        });
        let modes = json!(["ReadWriteMany"]);
        let spec = Fields::default()
            .with("capacity", json!({ "storage": ANY_SIZE }))
            .with("volumeMode", "Filesystem")
            .with("accessModes", modes.clone())
            .with("persistentVolumeReclaimPolicy", "Retain")
            .with("claimRef", claim)
            .with("mountOptions", options)
            .with("csi", json!({ "driver": "efs.csi.aws.com", "volumeHandle": handle }));
        let metadata = json!({ "name": whole, "labels": self.labels() });
        let persistent = json!({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": metadata,
            "spec": Value::from(spec),
        });
        let address = format!("{}/{volume}", service.name);
        let persistent = self.add(&address, persistent)?;
        if matches!(efs, Efs::Managed { .. }) {
            let system = crate::engine::Address::new("efs/file-system", "main");
            self.desired.order(&persistent, &system, Wait::Ready);
        }
        let mut spec = json!({
            "accessModes": modes,
            "volumeName": whole,
            "resources": { "requests": { "storage": ANY_SIZE } },
        });
        // Not the cluster's default class, which would make another disk.
        spec["storageClassName"] = json!("");
        let claim = self.object("v1", "PersistentVolumeClaim", &name).with("spec", spec);
        let claim = self.add(&address, claim.into())?;
        self.desired.order(&claim, &persistent, Wait::Ready);
        parts.before.push((claim, Wait::Created));
        Ok(())
    }

    pub(super) fn main_mounts(&self) -> Vec<Value> {
        let service = self.service;
        let shared = service.storage.volumes.iter();
        let shared = shared.map(|(name, volume)| mount(name, &volume.path, volume.read_only));
        let own = service.kubernetes.claims.iter();
        let own = own.map(|(name, claim)| mount(name, &claim.path, false));
        let memory = super::settings::in_memory(&service.name, &service.settings);
        shared.chain(own).chain(memory.into_iter().map(|(_, mount)| mount)).collect()
    }

    pub(super) fn sidecar_mounts(&self, name: &str, sidecar: &Sidecar) -> Vec<Value> {
        let shared = sidecar.mount_points.iter();
        let shared = shared.map(|one| mount(&one.source_volume, &one.path, one.read_only));
        let memory = super::settings::in_memory(name, &sidecar.settings);
        shared.chain(memory.into_iter().map(|(_, mount)| mount)).collect()
    }
}

fn mount(volume: &str, path: &str, read_only: bool) -> Value {
    let mut mount = Fields::default().with("name", volume).with("mountPath", path);
    mount.on("readOnly", read_only);
    mount.into()
}
