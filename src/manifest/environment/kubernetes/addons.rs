//! What EKS installs in a cluster, and what it runs beside it.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::manifest::read::{Arn, Json, Read, Reader, choice, is_map, record};
use crate::manifest::schema::{either, part};
use crate::manifest::service::{RoleArn, RoleSource};
use crate::manifest::yaml::Node;

record! {
    /// An add-on.
    #[derive(Default)]
    pub struct Addon {
        /// Its version, such as `v1.21.1-eksbuild.3`. Left out: EKS's default for the cluster's version, and later the one that is
        /// there, as long as it goes with the cluster's.
        version: Option<String>,
        /// Its settings, as `aws eks describe-addon-configuration` prints them.
        configuration: Option<serde_json::Value> as Option<Json>,
        /// What becomes of what is in its way: `overwrite`, `preserve`, or `none`, which fails.
        conflicts: Conflicts = Conflicts::Overwrite,
        /// The roles of its service accounts (Pod Identity), by the account's name: ARNs, or what roles made for them may do.
        pod_identities: BTreeMap<String, RoleSource>,
        /// The ARN of a role that its service account has by the cluster's OIDC provider, instead.
        service_account_role: Option<String> as Option<RoleArn>,
        /// The namespace that it is installed in; its own usual one when left out. It cannot be changed.
        namespace: Option<String>,
    }
}

choice! {
    /// What becomes of what is in an add-on's way.
    pub enum Conflicts {
        /// It becomes as the add-on wants it.
        Overwrite = "overwrite",
        /// It stays as it is.
        Preserve = "preserve",
        /// The change fails.
        None = "none",
    }
}

#[expect(clippy::derivable_impls, reason = "`choice!` derives what every choice has")]
impl Default for Conflicts {
    fn default() -> Self {
        Self::Overwrite
    }
}

/// A version, `true`, `false`, or a map.
#[derive(Debug)]
pub(crate) struct AddonShape;

impl JsonSchema for AddonShape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AddonShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([json_schema!({ "type": ["string", "boolean"] }), part::<Addon>(generator)])
    }
}

impl Read for AddonShape {
    type Value = Option<Addon>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Option<Addon>> {
        if is_map(node) {
            return Addon::read(node, reader).map(Some);
        }
        let expected = "a version such as `v1.21.1-eksbuild.3`, `true`, `false`, or a map";
        let text = reader.text(node, expected)?.text.clone();
        match text.as_str() {
            "true" => Some(Some(Addon::default())),
            "false" => Some(None),
            version if version.starts_with('v') => {
                Some(Some(Addon { version: Some(text), ..Addon::default() }))
            }
            _ => reader.wrong(node, expected),
        }
    }
}

record! {
    /// What EKS runs beside the cluster.
    #[derive(Default)]
    pub struct Capabilities {
        /// AWS Controllers for Kubernetes: AWS's resources as Kubernetes' objects.
        ack: Option<Ack>,
        /// Kube Resource Orchestrator: kinds of one's own, made of others.
        kro: Option<CapabilityRole>,
        /// Argo CD: what is in Git is put into the cluster.
        argo_cd: Option<ArgoCd>,
    }
}

record! {
    /// AWS Controllers for Kubernetes.
    pub struct Ack {
        /// The role in which it acts: the ARN of one that exists, or what one made for it may do.
        role: RoleSource = RoleSource::default(),
        /// Whether its objects may name some of other namespaces.
        cross_namespace: bool = false,
        /// Services of AWS that it leaves alone: `s3`.
        disabled_services: Vec<String>,
    }
}

record! {
    /// A capability of which only the role can be chosen.
    pub struct CapabilityRole {
        /// The role in which it acts: the ARN of one that exists, or what one made for it may do.
        role: RoleSource = RoleSource::default(),
    }
}

record! {
    /// Argo CD.
    pub struct ArgoCd {
        /// The role in which it acts: the ARN of one that exists, or what one made for it may do.
        role: RoleSource = RoleSource::default(),
        /// Its namespace; `argocd` when left out. It cannot be changed.
        namespace: Option<String>,
        /// Who its people are. It cannot be changed.
        identity_center: IdentityCenter,
        /// Who may do what in it.
        roles: RoleMappings = RoleMappings::default(),
        /// Ids of VPC endpoints from which alone it is reached: `vpce-…`.
        vpc_endpoints: Vec<String>,
    }
}

record! {
    /// An instance of IAM Identity Center.
    pub struct IdentityCenter {
        /// Its ARN: `arn:aws:sso:::instance/ssoins-…`.
        arn: String as Arn,
        /// Its region; the environment's when left out.
        region: Option<String>,
    }
}

record! {
    /// People and groups of Identity Center, by their ids, as `user:ID` and `group:ID`.
    #[derive(Default)]
    pub struct RoleMappings {
        /// Who may do everything.
        admin: Vec<String>,
        /// Who may change applications.
        editor: Vec<String>,
        /// Who may look.
        viewer: Vec<String>,
    }
}
