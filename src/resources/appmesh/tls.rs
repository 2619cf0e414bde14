//! How calls are encrypted: what stands in listeners and client policies alike.

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::mirror::{Mirror, mirror, union};
use crate::engine::Failure;

mirror! {
    /// A certificate in ACM.
    AcmCertificate for [built ListenerTlsAcmCertificate, built VirtualGatewayListenerTlsAcmCertificate] {
        /// Its ARN.
        req certificate_arn / set_certificate_arn: String,
    }

    /// Files in the proxy's container.
    FileCertificate for [built ListenerTlsFileCertificate, built VirtualGatewayListenerTlsFileCertificate] {
        /// Path of the certificate with its chain.
        req certificate_chain / set_certificate_chain: String,
        /// Path of the key.
        req private_key / set_private_key: String,
    }

    /// What Envoy's SDS provider has.
    SdsSecret for [built ListenerTlsSdsCertificate, built VirtualGatewayListenerTlsSdsCertificate, built TlsValidationContextSdsTrust, built VirtualGatewayTlsValidationContextSdsTrust] {
        /// The secret's name.
        req secret_name / set_secret_name: String,
    }

    /// Private authorities of ACM.
    AcmTrust for [built TlsValidationContextAcmTrust, built VirtualGatewayTlsValidationContextAcmTrust] {
        /// Their ARNs.
        full certificate_authority_arns / set_certificate_authority_arns: String,
    }

    /// A file in the proxy's container.
    FileTrust for [built TlsValidationContextFileTrust, built VirtualGatewayTlsValidationContextFileTrust] {
        /// Its path.
        req certificate_chain / set_certificate_chain: String,
    }

    /// Names that certificates may bear.
    Names for [plain SubjectAlternativeNames] {
        /// Which.
        must r#match / set_match: NamesMatch,
    }

    /// Names, as they are.
    NamesMatch for [built SubjectAlternativeNameMatchers] {
        /// The names.
        full exact / set_exact: String,
    }

    /// Whom a listener trusts.
    ListenerValidation for [plain ListenerTlsValidationContext, plain VirtualGatewayListenerTlsValidationContext] {
        /// Who signed.
        must trust / set_trust: ListenerTrust,
        /// Which names; any if there are none.
        opt subject_alternative_names / set_subject_alternative_names: Names,
    }

    /// Whom a caller trusts.
    ClientValidation for [plain TlsValidationContext, plain VirtualGatewayTlsValidationContext] {
        /// Who signed.
        must trust / set_trust: ClientTrust,
        /// Which names; any if there are none.
        opt subject_alternative_names / set_subject_alternative_names: Names,
    }

    /// How calls to a listener are encrypted.
    ListenerTls for [built ListenerTls, built VirtualGatewayListenerTls] {
        /// `STRICT`, `PERMISSIVE` or `DISABLED`.
        req mode / set_mode: String,
        /// What the listener shows.
        must certificate / set_certificate: ListenerCertificate,
        /// What callers must show.
        opt validation / set_validation: ListenerValidation,
    }

    /// How calls are encrypted.
    ClientTls for [plain ClientPolicyTls, plain VirtualGatewayClientPolicyTls] {
        /// Whether they must be.
        opt enforce / set_enforce: bool,
        /// The ports that this is for; all if there are none.
        list ports / set_ports: i32,
        /// What the caller shows.
        opt certificate / set_certificate: ClientCertificate,
        /// What those who are called must show.
        must validation / set_validation: ClientValidation,
    }

    /// How calls are made.
    ClientPolicy for [plain ClientPolicy, plain VirtualGatewayClientPolicy] {
        /// How they are encrypted.
        opt tls / set_tls: ClientTls,
    }

    /// How calls are made unless a backend says otherwise.
    BackendDefaults for [plain BackendDefaults, plain VirtualGatewayBackendDefaults] {
        /// How.
        opt client_policy / set_client_policy: ClientPolicy,
    }
}

union! {
    /// What a listener shows.
    ListenerCertificate for [ListenerTlsCertificate, VirtualGatewayListenerTlsCertificate] {
        /// A certificate in ACM.
        Acm(AcmCertificate),
        /// Files.
        File(FileCertificate),
        /// A secret of the SDS provider.
        Sds(SdsSecret),
    }

    /// What a caller shows.
    ClientCertificate for [ClientTlsCertificate, VirtualGatewayClientTlsCertificate] {
        /// Files.
        File(FileCertificate),
        /// A secret of the SDS provider.
        Sds(SdsSecret),
    }

    /// Whom a listener trusts.
    ListenerTrust for [ListenerTlsValidationContextTrust, VirtualGatewayListenerTlsValidationContextTrust] {
        /// A file.
        File(FileTrust),
        /// A secret of the SDS provider.
        Sds(SdsSecret),
    }

    /// Whom a caller trusts.
    ClientTrust for [TlsValidationContextTrust, VirtualGatewayTlsValidationContextTrust] {
        /// Private authorities of ACM.
        Acm(AcmTrust),
        /// A file.
        File(FileTrust),
        /// A secret of the SDS provider.
        Sds(SdsSecret),
    }
}
