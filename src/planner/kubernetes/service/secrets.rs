//! Values that no manifest holds: an object `Secret` that names where each comes from.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Parts, Planner};
use crate::engine::{Failure, Wait};
use crate::manifest::ServiceManifest;
use crate::manifest::service::Secret;
use crate::planner::Context;
use crate::resources::kubernetes as kinds;

/// Under which key a container's secret variable stands: those of sidecars after their name.
pub(super) fn key(service: &ServiceManifest, container: &str, variable: &str) -> String {
    match container == service.name {
        true => variable.to_owned(),
        false => format!("{container}.{variable}"),
    }
}

/// Where the values of all containers come from, by key.
fn sources(context: &Context<'_>, service: &ServiceManifest) -> BTreeMap<String, kinds::Source> {
    let sidecars = service.sidecars.iter().map(|(name, one)| (name, &one.secrets));
    let all = sidecars.chain([(&service.name, &service.secrets)]);
    all.flat_map(|(container, secrets)| {
        secrets.iter().map(move |(variable, secret)| {
            (key(service, container, variable), source(context, secret))
        })
    })
    .collect()
}

pub(super) fn source(context: &Context<'_>, secret: &Secret) -> kinds::Source {
    match secret {
        Secret::Ssm(name) => kinds::Source::Ssm(name.clone().into()),
        Secret::Arn(arn) if arn.split(':').nth(2) == Some("ssm") => {
            let own = context.arn("ssm", "parameter/");
            // By its ARN where it is another account's.
            let name = match arn.strip_prefix(&own) {
                Some(name) if name.contains('/') => format!("/{name}"),
                Some(name) => name.to_owned(),
                None => arn.clone(),
            };
            kinds::Source::Ssm(name.into())
        }
        Secret::Arn(arn) => stored(arn, 7),
        Secret::SecretsManager(name) => stored(name, 1),
    }
}

/// `NAME:KEY:STAGE:VERSION`, of which the name itself has so many parts.
fn stored(text: &str, name: usize) -> kinds::Source {
    let parts: Vec<&str> = text.split(':').collect();
    let part = |index: usize| {
        parts.get(name + index).filter(|part| !part.is_empty()).map(|part| (*part).to_owned())
    };
    let secret = parts.iter().take(name).copied().collect::<Vec<_>>().join(":");
    let source = match part(0) {
        Some(key) => format!("{secret},{key}"),
        None => secret,
    };
    kinds::Source::SecretsManager(source.into())
}

/// A digest of the sources, which pods bear.
pub(super) fn digest(context: &Context<'_>, service: &ServiceManifest) -> String {
    let sources = json!(sources(context, service)).to_string();
    let digest = Sha256::digest(sources.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Planner<'_> {
    pub(super) fn secrets(&mut self, parts: &mut Parts) -> Result<(), Failure> {
        let context = self.place.context;
        let from = sources(context, self.service);
        if from.is_empty() {
            return Ok(());
        }
        let name = self.service.name.clone();
        let object = self.object("v1", "Secret", &name).with("type", "Opaque");
        let secret = kinds::Secret::new(self.place.cluster.clone(), object.into());
        let secret = kinds::Secret { from, ..secret };
        let secret = self.desired.add(&self.owner, &name, &secret)?;
        parts.before.push((secret.address().clone(), Wait::Ready));
        parts.secret = true;
        Ok(())
    }

    /// Passwords of private registries, which nodes sign in with.
    pub(super) fn registries(&mut self, parts: &mut Parts) -> Result<(), Failure> {
        for (index, arn) in super::volumes::credentials(self.service).enumerate() {
            let name = pull_secret(&self.service.name, index);
            let object =
                self.object("v1", "Secret", &name).with("type", "kubernetes.io/dockerconfigjson");
            let source = format!("{arn},dockerconfigjson");
            let source = kinds::Source::SecretsManager(source.into());
            let from = BTreeMap::from([(".dockerconfigjson".to_owned(), source)]);
            let secret = kinds::Secret::new(self.place.cluster.clone(), object.into());
            let secret = kinds::Secret { from, ..secret };
            let address = format!("{}/registry-{}", self.service.name, index + 1);
            let secret = self.desired.add(&self.owner, address, &secret)?;
            parts.before.push((secret.address().clone(), Wait::Ready));
        }
        Ok(())
    }

    pub(super) fn pull_secrets(&self) -> Vec<serde_json::Value> {
        let all = super::volumes::credentials(self.service).enumerate();
        all.map(|(index, _)| json!({ "name": pull_secret(&self.service.name, index) })).collect()
    }
}

fn pull_secret(service: &str, index: usize) -> String {
    format!("{service}-registry-{}", index + 1)
}
