//! An identity provider by OpenID Connect: a cluster's, so that its service accounts may take on roles (IRSA).

use serde::{Deserialize, Serialize};

use crate::engine::{Input, Spec};
use crate::resources::resource::Tags;
use crate::{ids, outputs};

/// An identity provider. An account has one for each URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// Who issues the tokens: `https://oidc.eks.eu-west-1.amazonaws.com/id/…`.
    pub url: Input<String>,
    /// For whom they are: `sts.amazonaws.com`.
    pub client_ids: Vec<String>,
    /// Thumbprints of certificates, where AWS does not know the authority; AWS's own finding if none.
    pub thumbprints: Vec<String>,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// An identity provider's ARN.
    OidcProviderArn,
}

outputs! { OidcProvider => OidcProviderOutputs {
    /// Its ARN.
    arn: OidcProviderArn,
} }

impl Spec for OidcProvider {
    const KIND: &'static str = "iam/oidc-provider";
}
