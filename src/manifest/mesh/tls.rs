//! How calls in a mesh are encrypted, and who is trusted.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::manifest::read::{Arn, Port, Read, Reader, choice, is_map, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

choice! {
    /// Whether calls must be encrypted.
    pub enum TlsMode {
        /// They must.
        Strict = "strict",
        /// They may.
        Permissive = "permissive",
        /// They are not.
        Disabled = "disabled",
    }
}

record! {
    /// How calls to a service are encrypted.
    pub struct ListenerTls {
        /// Whether calls must be encrypted.
        mode: TlsMode = TlsMode::Strict,
        /// The certificate that the service shows: the ARN of one in ACM, `{file: {chain, key}}`, or `{sds: NAME}`.
        certificate: Option<TlsCertificate>,
        /// Who may call, by certificate (mutual TLS).
        clients: Option<Clients>,
    }
}

record! {
    /// Who may call, by certificate.
    pub struct Clients {
        /// The authority that signed the callers' certificates: `{file: PATH}` or `{sds: NAME}`.
        ca: Option<Authority> as Option<OwnAuthority>,
        /// The names that callers' certificates may bear; any when left out.
        names: Vec<String>,
    }
}

record! {
    /// How a service's calls are encrypted.
    pub struct ClientTls {
        /// Whether calls must be encrypted.
        enforce: bool = true,
        /// The ports that this is for; all when left out.
        ports: Vec<u16> as Vec<Port>,
        /// The authority that signed the certificates of those who are called: ARNs of private CAs, `{file: PATH}` or `{sds: NAME}`.
        ca: Option<Authority>,
        /// The names that their certificates may bear; any when left out.
        names: Vec<String>,
        /// The certificate that the service shows when it calls (mutual TLS): `{file: {chain, key}}` or `{sds: NAME}`.
        certificate: Option<TlsCertificate> as Option<OwnCertificate>,
    }
}

/// A certificate, and where its key is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsCertificate {
    /// The ARN of one in ACM.
    Acm(String),
    /// Files in the proxy's container.
    File(CertificateFile),
    /// The name of a secret that Envoy asks its SDS provider for.
    Sds(String),
}

record! {
    /// Files in the proxy's container.
    #[derive(Eq)]
    pub struct CertificateFile {
        /// The path of the certificate with its chain, PEM.
        chain: String,
        /// The path of the private key, PEM.
        key: String,
    }
}

record! {
    /// A certificate from elsewhere than ACM.
    pub(crate) struct CertificateMap {
        /// Files in the proxy's container.
        file: Option<CertificateFile>,
        /// The name of a secret that Envoy asks its SDS provider for.
        sds: Option<String>,
    }
}

impl JsonSchema for TlsCertificate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TlsCertificate".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<Arn>(generator), part::<CertificateMap>(generator)])
    }
}

impl Read for TlsCertificate {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if !is_map(node) {
            return Arn::read(node, reader).map(Self::Acm);
        }
        OwnCertificate::read(node, reader)
    }
}

/// A certificate whose key the proxy has: ACM's are for those who are called.
#[derive(Debug)]
pub(crate) struct OwnCertificate;

impl JsonSchema for OwnCertificate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OwnCertificate".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        part::<CertificateMap>(generator)
    }
}

impl Read for OwnCertificate {
    type Value = TlsCertificate;

    fn read(node: &Node, reader: &mut Reader) -> Option<TlsCertificate> {
        let expected = "`{file: {chain: PATH, key: PATH}}` or `{sds: NAME}`";
        if !is_map(node) {
            return reader.wrong(node, expected);
        }
        let map = CertificateMap::read(node, reader)?;
        match (map.file, map.sds) {
            (Some(file), None) => Some(TlsCertificate::File(file)),
            (None, Some(name)) => Some(TlsCertificate::Sds(name)),
            _ => reader.wrong(node, expected),
        }
    }
}

/// Who is trusted to sign certificates.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// ARNs of private certificate authorities of ACM.
    Acm(Vec<String>),
    /// A file in the proxy's container, PEM.
    File(String),
    /// The name of a secret that Envoy asks its SDS provider for.
    Sds(String),
}

record! {
    /// An authority from elsewhere than ACM.
    pub(crate) struct AuthorityMap {
        /// A file in the proxy's container, PEM.
        file: Option<String>,
        /// The name of a secret that Envoy asks its SDS provider for.
        sds: Option<String>,
    }
}

impl JsonSchema for Authority {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Authority".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let map = part::<AuthorityMap>(generator);
        either([part::<Arn>(generator), part::<Vec<Arn>>(generator), map])
    }
}

impl Read for Authority {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if matches!(node.value, Value::Sequence(_)) {
            return Vec::<Arn>::read(node, reader).map(Self::Acm);
        }
        if !is_map(node) {
            return Arn::read(node, reader).map(|arn| Self::Acm(vec![arn]));
        }
        OwnAuthority::read(node, reader)
    }
}

/// An authority whose certificate the proxy has: private CAs of ACM are for those who call.
#[derive(Debug)]
pub(crate) struct OwnAuthority;

impl JsonSchema for OwnAuthority {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OwnAuthority".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        part::<AuthorityMap>(generator)
    }
}

impl Read for OwnAuthority {
    type Value = Authority;

    fn read(node: &Node, reader: &mut Reader) -> Option<Authority> {
        let expected = "`{file: PATH}` or `{sds: NAME}`";
        if !is_map(node) {
            return reader.wrong(node, expected);
        }
        let map = AuthorityMap::read(node, reader)?;
        match (map.file, map.sds) {
            (Some(path), None) => Some(Authority::File(path)),
            (None, Some(name)) => Some(Authority::Sds(name)),
            _ => reader.wrong(node, expected),
        }
    }
}
