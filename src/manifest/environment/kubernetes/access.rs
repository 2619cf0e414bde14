//! Who may do what: people in the cluster, and pods in AWS.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::manifest::read::{Arn, Read, Reader, choice, is_map, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::service::{PolicyDocument, RoleSource};
use crate::manifest::yaml::{Node, Value};

record! {
    /// What a role or user of IAM may do in the cluster.
    pub struct Access {
        /// The ARN of the role or user.
        principal: String as Principal,
        /// EKS's access policies: a list (`[AmazonEKSViewPolicy]`), or for each the namespaces that it holds for, `all` for the
        /// whole cluster.
        policies: BTreeMap<String, Vec<String>> as AccessPolicies = BTreeMap::<String, Vec<String>>::new(),
        /// Groups of Kubernetes, to which bindings in the cluster refer.
        groups: Vec<String>,
        /// Who they are to Kubernetes; as EKS makes it from the ARN when left out.
        username: Option<String>,
        /// What for: `standard` for people and programs, else nodes of one's own.
        "type" principal_type: PrincipalType = PrincipalType::Standard,
    }
}

choice! {
    /// What an access entry is for.
    pub enum PrincipalType {
        /// People and programs.
        Standard = "standard",
        /// Nodes of Auto Mode with a role of one's own.
        Ec2 = "ec2",
        /// Nodes of one's own with Linux.
        Ec2Linux = "ec2-linux",
        /// Nodes of one's own with Windows.
        Ec2Windows = "ec2-windows",
        /// Pods on Fargate.
        FargateLinux = "fargate-linux",
        /// Machines outside AWS.
        HybridLinux = "hybrid-linux",
        /// Nodes of SageMaker HyperPod.
        HyperpodLinux = "hyperpod-linux",
    }
}

record! {
    /// Which role the pods of a service account have in AWS.
    pub struct PodIdentity {
        /// The service account's namespace.
        namespace: String = "default".to_owned(),
        /// The service account's name. It need not be there yet.
        service_account: String,
        /// The role: the ARN of one that exists, or what one made for it may do.
        role: RoleSource = RoleSource::default(),
        /// Whether pods get it by the cluster's OIDC provider (IRSA) instead of Pod Identity, as those on Fargate must. The service
        /// account then bears the annotation `eks.amazonaws.com/role-arn` with the role's ARN.
        irsa: bool = false,
        /// The ARN of a role, of any account, that the first one takes on for the pods.
        target_role: Option<String> as Option<Arn>,
        /// Whether sessions bear tags: cluster, namespace, service account and so on.
        session_tags: bool = true,
        /// A policy that limits the role further: a list of statements, or a policy document. Needs `session_tags: false`.
        session_policy: Option<serde_json::Value> as Option<PolicyDocument>,
    }
}

notation! {
    /// The ARN of a role or user of IAM.
    Principal as String,
    { "type": "string", "pattern": "^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/" },
    |node, reader| {
        let expected = "the ARN of a role or user: `arn:aws:iam::ACCOUNT:role/NAME`";
        let text = &reader.text(node, expected)?.text;
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let fits = matches!(parts[..], ["arn", _, "iam", "", account, name]
            if account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && (name.starts_with("role/") || name.starts_with("user/")));
        if fits {
            return Some(text.clone());
        }
        reader.wrong::<()>(node, expected);
        if let (Some(problem), [.., "sts", _, _, name]) = (reader.problems.last_mut(), &parts[..])
            && let Some(role) = name.strip_prefix("assumed-role/").and_then(|name| name.split('/').next())
        {
            problem.help = Some(format!("that is a session; its role is `arn:aws:iam::{}:role/{role}`", parts[4]));
        }
        None
    }
}

/// A list of policies, or a map from policies to namespaces.
#[derive(Debug)]
pub(crate) struct AccessPolicies;

impl JsonSchema for AccessPolicies {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AccessPolicies".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<Vec<String>>(generator), part::<BTreeMap<String, AccessScope>>(generator)])
    }
}

impl Read for AccessPolicies {
    type Value = BTreeMap<String, Vec<String>>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self::Value> {
        if is_map(node) {
            return BTreeMap::<String, AccessScope>::read(node, reader);
        }
        if !matches!(node.value, Value::Sequence(_)) {
            return reader.wrong(
                node,
                "a list of EKS's access policies, or a map from them to lists of namespaces",
            );
        }
        let names = Vec::<String>::read(node, reader)?;
        Some(names.into_iter().map(|name| (name, Vec::new())).collect())
    }
}

/// Namespaces; none stand for the whole cluster.
#[derive(Debug)]
pub(crate) struct AccessScope;

impl JsonSchema for AccessScope {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AccessScope".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([schemars::json_schema!({ "const": "all" }), part::<Vec<String>>(generator)])
    }
}

impl Read for AccessScope {
    type Value = Vec<String>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Vec<String>> {
        let expected = "`all` for the whole cluster, or a list of namespaces";
        match &node.value {
            Value::Sequence(items) if !items.is_empty() => Vec::<String>::read(node, reader),
            _ if node.text() == Some("all") => Some(Vec::new()),
            _ => reader.wrong(node, expected),
        }
    }
}
