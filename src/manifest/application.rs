//! `kind: application`: what all environments have in common.

use std::collections::BTreeMap;

use super::read::{Account, Name, Region, Text, choice, record};

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
        /// Tags for everything in every environment.
        tags: BTreeMap<String, String> as BTreeMap<String, Text>,
    }
}

/// A checked application.
pub type Application = ApplicationFile;
