//! Certificate Manager: certificates that are proved by DNS records in zones of the account.

pub mod certificate;
mod proof;

pub use certificate::{Certificate, CertificateArn};
