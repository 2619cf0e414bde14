//! Whose a resource is and what it is called in AWS: tags, names and client tokens.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Address;

/// Tag that names the application.
pub const TAG_APPLICATION: &str = "shipit:application";
/// Tag that names the environment.
pub const TAG_ENVIRONMENT: &str = "shipit:environment";
/// Tag that names the service; absent on what belongs to the environment itself.
pub const TAG_SERVICE: &str = "shipit:service";
/// Tag that holds the resource's address.
pub const TAG_RESOURCE: &str = "shipit:resource";
/// Tag that counts replacements; absent on the first.
pub const TAG_GENERATION: &str = "shipit:generation";

/// Whose a resource is within its environment.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The environment's own.
    Environment,
    /// A service's, by name.
    Service(String),
}

impl Owner {
    /// The service's name, if a service owns it.
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Environment => None,
            Self::Service(name) => Some(name),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.service().unwrap_or("environment"))
    }
}

/// Everything that names one live object: what it is tagged and called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// The application.
    pub application: String,
    /// The environment.
    pub environment: String,
    /// Whose it is.
    pub owner: Owner,
    /// Its address.
    pub address: Address,
    /// 1 for the first, one more with each replacement.
    pub generation: u32,
    /// Names this run; client tokens derive from it, so that a retry within a run is the same request.
    pub run: String,
}

impl Identity {
    /// The ownership tags, put on in the create call.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::from([
            (TAG_APPLICATION.to_owned(), self.application.clone()),
            (TAG_ENVIRONMENT.to_owned(), self.environment.clone()),
            (TAG_RESOURCE.to_owned(), self.address.to_string()),
        ]);
        if let Owner::Service(service) = &self.owner {
            tags.insert(TAG_SERVICE.to_owned(), service.clone());
        }
        if self.generation > 1 {
            tags.insert(TAG_GENERATION.to_owned(), self.generation.to_string());
        }
        tags
    }

    /// The name in AWS: `application-environment-name`, with `-2` for the second generation;
    /// characters other than letters, digits and hyphens become hyphens. A name longer than
    /// `limit` characters is cut and ends in a hash of the whole, so that it stays unique.
    pub fn name(&self, limit: usize) -> String {
        let mut name = format!("{}-{}-{}", self.application, self.environment, self.address.name());
        name = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let suffix = match self.generation {
            0 | 1 => String::new(),
            generation => format!("-{generation}"),
        };
        if name.len() + suffix.len() <= limit {
            return name + &suffix;
        }
        let hash = hex(&Sha256::digest(name.as_bytes()), 8);
        let keep = limit.saturating_sub(suffix.len() + hash.len() + 1);
        let kept = name.get(..keep).unwrap_or_default().trim_end_matches('-');
        format!("{kept}-{hash}{suffix}")
    }

    /// A client token for AWS's idempotent operations, 32 hex digits: the same for every
    /// retry of this create in this run, another for the next run or generation.
    pub fn client_token(&self) -> String {
        let text = format!(
            "{}\n{}\n{}\n{}\n{}",
            self.run, self.application, self.environment, self.address, self.generation
        );
        hex(&Sha256::digest(text.as_bytes()), 32)
    }

    /// Reads an identity back from an object's tags; `None` if they are not shipit's tags
    /// for this application and environment.
    pub fn from_tags(
        tags: &BTreeMap<String, String>,
        application: &str,
        environment: &str,
    ) -> Option<Self> {
        if tags.get(TAG_APPLICATION)? != application || tags.get(TAG_ENVIRONMENT)? != environment {
            return None;
        }
        Some(Self {
            application: application.to_owned(),
            environment: environment.to_owned(),
            owner: tags
                .get(TAG_SERVICE)
                .map_or(Owner::Environment, |name| Owner::Service(name.clone())),
            address: tags.get(TAG_RESOURCE)?.parse().ok()?,
            generation: tags.get(TAG_GENERATION).and_then(|text| text.parse().ok()).unwrap_or(1),
            run: String::new(),
        })
    }
}

fn hex(bytes: &[u8], digits: usize) -> String {
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str, generation: u32) -> Identity {
        Identity {
            application: "demo".into(),
            environment: "test".into(),
            owner: Owner::Service("api".into()),
            address: Address::new("elbv2/target-group", name),
            generation,
            run: "run-1".into(),
        }
    }

    #[test]
    fn names_are_cut_with_a_hash_and_keep_their_generation() {
        assert_eq!(identity("api", 1).name(32), "demo-test-api");
        assert_eq!(identity("api/admin", 3).name(32), "demo-test-api-admin-3");
        let long = identity("a-service-with-a-very-long-name", 2).name(32);
        assert_eq!(long, "demo-test-a-service-w-5a2b0d1b-2".replace("5a2b0d1b", &long[22..30]));
        assert_eq!(long.len(), 32);
        assert_ne!(long, identity("a-service-with-a-very-long-mane", 2).name(32));
    }

    #[test]
    fn tags_read_back_as_the_same_identity() {
        let identity = identity("api", 2);
        let back = Identity::from_tags(&identity.tags(), "demo", "test").unwrap();
        assert_eq!(back, Identity { run: String::new(), ..identity.clone() });
        assert_eq!(Identity::from_tags(&identity.tags(), "demo", "prod"), None);
    }
}
