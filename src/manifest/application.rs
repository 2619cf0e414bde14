//! `kind: application`: what all environments have in common.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::read::{Account, Name, Read, Reader, Region, Text, choice, is_map, notation, record};
use super::schema::{either, part};
use super::yaml::Node;

choice! {
    /// Which kind of manifest this is.
    pub enum ApplicationKind {
        /// The only one.
        Application = "application",
    }
}

record! {
    /// An application: a name for everything that is deployed together, and what its environments share.
    pub struct ApplicationFile {
        /// `application`.
        kind: ApplicationKind,
        /// The application's name. Every resource in AWS is tagged with it.
        name: String as Name,
        /// The region for environments that name none.
        region: Option<String> as Option<Region>,
        /// The account for environments that name none. A run against another account is refused.
        account: Option<String> as Option<Account>,
        /// The policy that limits what any role may be allowed that shipit makes: its ARN, or its name in each
        /// environment's account.
        permissions_boundary: Option<String> as Option<super::service::PolicyName>,
        /// The domain below which services get names: `api.test.shop.example.com` of `example.com`. It needs a public
        /// hosted zone in the account.
        domain: Option<Domain> as Option<DomainOrName>,
        /// Tags for everything in every environment.
        tags: BTreeMap<String, String> as BTreeMap<String, Text>,
    }
}

record! {
    /// The domain below which services get names.
    pub struct Domain {
        /// Its name.
        name: String as DomainName,
        /// The id of its public hosted zone, where the account has several of that name.
        hosted_zone: Option<String> as Option<HostedZone>,
    }
}

/// A domain: its name, or a map.
#[derive(Debug)]
pub(crate) struct DomainOrName;

impl JsonSchema for DomainOrName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DomainOrName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<Domain>(generator)])
    }
}

impl Read for DomainOrName {
    type Value = Domain;

    fn read(node: &Node, reader: &mut Reader) -> Option<Domain> {
        if is_map(node) {
            return Domain::read(node, reader);
        }
        DomainName::read(node, reader).map(|name| Domain { name, hosted_zone: None })
    }
}

notation! {
    /// A domain's name.
    DomainName as String,
    { "type": "string", "examples": ["example.com"] },
    |node, reader| {
        let expected = "the name of a domain such as `example.com`";
        let text = &reader.text(node, expected)?.text;
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let sound = text.len() <= 200 && text.contains('.') && text.split('.').all(label);
        if sound { Some(text.to_ascii_lowercase()) } else { reader.wrong(node, expected) }
    }
}

notation! {
    /// The id of a hosted zone.
    HostedZone as String,
    { "type": "string", "examples": ["Z0123456789ABCDEFGHIJ"] },
    |node, reader| {
        let expected = "the id of a hosted zone such as `Z0123456789ABCDEFGHIJ`";
        let text = reader.text(node, expected)?.text.clone();
        let id = text.strip_prefix("/hostedzone/").unwrap_or(&text);
        let sound = (2..=32).contains(&id.len())
            && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if sound { Some(id.to_owned()) } else { reader.wrong(node, expected) }
    }
}

/// A checked application.
pub type Application = ApplicationFile;
