//! The token by which a cluster of EKS knows who asks: a presigned call of STS that the cluster makes itself.
//!
//! It is signed here and not by the SDK, as every byte of it must be what `aws eks get-token` gives.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::kubernetes::encoded;

/// For how long after it was signed EKS takes a token; a minute less than AWS's quarter of an hour.
pub const LASTS: time::Duration = time::Duration::minutes(14);

/// Whose signature.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// `AKIA…` or `ASIA…`.
    pub access_key: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// Of temporary credentials.
    pub session_token: Option<&'a str>,
}

impl std::fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// `k8s-aws-v1.` and the presigned URL, base64url without padding.
pub fn token(signer: Signer<'_>, region: &str, cluster: &str, at: OffsetDateTime) -> String {
    format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url(signer, region, cluster, at)))
}

/// `GetCallerIdentity` of the region's STS, presigned (SigV4) with the cluster's name in the header `x-k8s-aws-id`.
fn url(signer: Signer<'_>, region: &str, cluster: &str, at: OffsetDateTime) -> String {
    const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]");
    const TIME: &[BorrowedFormatItem<'_>] =
        format_description!("[year][month][day]T[hour][minute][second]Z");
    let at = at.to_offset(time::UtcOffset::UTC);
    let date = at.format(DATE).unwrap_or_default();
    let time = at.format(TIME).unwrap_or_default();
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let host = format!("sts.{region}.{suffix}");
    let scope = format!("{date}/{region}/sts/aws4_request");
    let mut query = vec![
        ("Action", "GetCallerIdentity".to_owned()),
        ("Version", "2011-06-15".to_owned()),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("X-Amz-Credential", format!("{}/{scope}", signer.access_key)),
        ("X-Amz-Date", time.clone()),
        ("X-Amz-Expires", "60".to_owned()),
    ];
    // In order of their names, as the signature needs them.
    query.extend(signer.session_token.map(|token| ("X-Amz-Security-Token", token.to_owned())));
    query.push(("X-Amz-SignedHeaders", "host;x-k8s-aws-id".to_owned()));
    let canonical = join(&query);
    let words: Vec<&str> = cluster.split_whitespace().collect();
    let request = format!(
        "GET\n/\n{canonical}\nhost:{host}\nx-k8s-aws-id:{}\n\nhost;x-k8s-aws-id\n{}",
        words.join(" "),
        hex(&Sha256::digest(b""))
    );
    let hashed = hex(&Sha256::digest(request));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashed}");
    let mut key = hmac(format!("AWS4{}", signer.secret).as_bytes(), date.as_bytes());
    for part in [region, "sts", "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    let signature = hex(&hmac(&key, text.as_bytes()));
    // On the wire the token of the session stands last.
    query.sort_by_key(|(name, _)| *name == "X-Amz-Security-Token");
    format!("https://{host}/?{}&X-Amz-Signature={signature}", join(&query))
}

fn join(query: &[(&str, String)]) -> String {
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 2104 over SHA-256.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    /// What botocore's `SigV4QueryAuth` makes of the same.
    #[test]
    fn urls_are_those_of_botocore() {
        let at = datetime!(2026-11-21 04:00:00 UTC);
        let plain = Signer {
            access_key: "AKIDEXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            session_token: None,
        };
        assert_eq!(
            url(plain, "eu-west-1", "shop-test-main", at),
            "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20261121T040000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=d57e2f4972f7afcde0b41fc579ca747f00d31d927ad6ff14e60be6a7e815823a"
        );
        let session = Signer {
            access_key: "ASIAEXAMPLE",
            secret: "secret",
            session_token: Some("FwoGZXIvYXdzE+a/b=="),
        };
        assert_eq!(
            url(session, "cn-north-1", "a b", at),
            "https://sts.cn-north-1.amazonaws.com.cn/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAEXAMPLE%2F20261121%2Fcn-north-1%2Fsts%2Faws4_request&X-Amz-Date=20261121T040000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Security-Token=FwoGZXIvYXdzE%2Ba%2Fb%3D%3D&X-Amz-Signature=52ddb8f81c6de02c184e15acd3b37f354c3e5d4f403dfc9d367e13d3a1fb194a"
        );
        assert_eq!(
            token(plain, "eu-west-1", "shop-test-main", at),
            "k8s-aws-v1.aHR0cHM6Ly9zdHMuZXUtd2VzdC0xLmFtYXpvbmF3cy5jb20vP0FjdGlvbj1HZXRDYWxsZXJJZGVudGl0eSZWZXJzaW9uPTIwMTEtMDYtMTUmWC1BbXotQWxnb3JpdGhtPUFXUzQtSE1BQy1TSEEyNTYmWC1BbXotQ3JlZGVudGlhbD1BS0lERVhBTVBMRSUyRjIwMjYxMTIxJTJGZXUtd2VzdC0xJTJGc3RzJTJGYXdzNF9yZXF1ZXN0JlgtQW16LURhdGU9MjAyNjExMjFUMDQwMDAwWiZYLUFtei1FeHBpcmVzPTYwJlgtQW16LVNpZ25lZEhlYWRlcnM9aG9zdCUzQngtazhzLWF3cy1pZCZYLUFtei1TaWduYXR1cmU9ZDU3ZTJmNDk3MmY3YWZjZGUwYjQxZmM1NzljYTc0N2YwMGQzMWQ5MjdhZDZmZjE0ZTYwYmU2YTdlODE1ODIzYQ"
        );
    }

    #[test]
    fn long_keys_are_hashed_as_rfc_4231_says() {
        let text = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            hex(&hmac(&[0xaa; 131], text)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
