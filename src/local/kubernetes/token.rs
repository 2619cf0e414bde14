//! The tokens by which EKS knows who asks: a presigned `GetCallerIdentity`, which EKS would send to STS. Here it is only read, as
//! nobody knows the secrets that signatures are made with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// For how long a token is taken after it was signed.
const LASTS: time::Duration = time::Duration::minutes(15);
/// How far clocks may be apart.
const APART: time::Duration = time::Duration::minutes(5);

/// What may stand in the URL.
const PARAMETERS: &[&str] = &[
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
];

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) access_key: String,
    pub(super) region: String,
}

impl Caller {
    /// The caller as Kubernetes is told of it. A key that is an account's number is that account's.
    pub(super) fn user(&self) -> Value {
        let key = &self.access_key;
        let number = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
        let account = if number { key } else { "123456789012" };
        let arn = format!("arn:aws:iam::{account}:user/{key}");
        json!({
            "username": arn,
            "uid": format!("aws-iam-authenticator:{account}:{key}"),
            "groups": [],
            "extra": {"accessKeyId": [key], "arn": [arn], "region": [self.region]},
        })
    }
}

/// Who signed the token, or what is wrong with it.
pub(super) fn read(token: &str, now: OffsetDateTime) -> Result<Caller, String> {
    let encoded = token.strip_prefix("k8s-aws-v1.").ok_or("it does not begin with k8s-aws-v1.")?;
    let url = URL_SAFE_NO_PAD.decode(encoded).map_err(|error| format!("no base64url: {error}"))?;
    let url = String::from_utf8(url).map_err(|_| "the URL is no text")?;
    let (host, query) = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once("/?"))
        .ok_or("it is no presigned URL")?;
    let region = host.strip_suffix(".cn").unwrap_or(host);
    let region = region.strip_prefix("sts.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    let region = region.filter(|region| !region.is_empty()).ok_or("the URL is not STS's")?;
    let mut parameters = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').ok_or("the URL has a broken query")?;
        let name = PARAMETERS.iter().find(|known| **known == name);
        let name = name.ok_or_else(|| format!("the URL has a parameter too many: {pair}"))?;
        parameters.push((*name, decoded(value).ok_or("the URL has a broken query")?));
    }
    let get = |name: &str| {
        let found = parameters.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| format!("the URL lacks {name}"))
    };
    if get("Action")? != "GetCallerIdentity" {
        return Err("the URL is not that of GetCallerIdentity".to_owned());
    }
    let headers: Vec<&str> = get("X-Amz-SignedHeaders")?.split(';').collect();
    if !headers.contains(&"host") || !headers.contains(&"x-k8s-aws-id") {
        return Err("the name of the cluster is not signed".to_owned());
    }
    let signature = get("X-Amz-Signature")?;
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("the signature is none".to_owned());
    }
    let signed = PrimitiveDateTime::parse(get("X-Amz-Date")?, TIME)
        .map_err(|error| format!("X-Amz-Date: {error}"))?
        .assume_utc();
    if now > signed + LASTS {
        return Err("it has expired".to_owned());
    }
    if signed > now + APART {
        return Err("it is from the future".to_owned());
    }
    let scope: Vec<&str> = get("X-Amz-Credential")?.split('/').collect();
    match scope.as_slice() {
        [key, _, within, "sts", "aws4_request"] if !key.is_empty() && *within == region => {
            Ok(Caller { access_key: (*key).to_owned(), region: region.to_owned() })
        }
        _ => Err("the scope of the credentials is not STS's".to_owned()),
    }
}

fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const URL: &str = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261121%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20261121T040000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=d57e2f4972f7afcde0b41fc579ca747f00d31d927ad6ff14e60be6a7e815823a";

    fn of(url: &str) -> Result<Caller, String> {
        let token = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url));
        read(&token, datetime!(2026-11-21 04:14:59 UTC))
    }

    #[test]
    fn a_token_says_who_signed_it() {
        let caller = of(URL).unwrap();
        assert_eq!(
            caller,
            Caller { access_key: "AKIDEXAMPLE".to_owned(), region: "eu-west-1".to_owned() }
        );
        assert_eq!(
            caller.user(),
            json!({
                "username": "arn:aws:iam::123456789012:user/AKIDEXAMPLE",
                "uid": "aws-iam-authenticator:123456789012:AKIDEXAMPLE",
                "groups": [],
                "extra": {
                    "accessKeyId": ["AKIDEXAMPLE"],
                    "arn": ["arn:aws:iam::123456789012:user/AKIDEXAMPLE"],
                    "region": ["eu-west-1"],
                },
            })
        );
    }

    #[test]
    fn all_else_is_refused() {
        let wrong = |from: &str, to: &str| of(&URL.replace(from, to)).unwrap_err();
        assert_eq!(
            read("rubbish", OffsetDateTime::UNIX_EPOCH).unwrap_err(),
            "it does not begin with k8s-aws-v1."
        );
        assert_eq!(wrong("https", "http"), "it is no presigned URL");
        assert_eq!(wrong("sts.eu-west-1.amazonaws.com", "example.com"), "the URL is not STS's");
        assert_eq!(
            wrong("GetCallerIdentity", "GetSessionToken"),
            "the URL is not that of GetCallerIdentity"
        );
        assert_eq!(
            wrong("&X-Amz-Expires", "&Policy"),
            "the URL has a parameter too many: Policy=60"
        );
        assert_eq!(wrong("%3Bx-k8s-aws-id", ""), "the name of the cluster is not signed");
        assert_eq!(wrong("Signature=d5", "Signature="), "the signature is none");
        assert_eq!(wrong("T040000Z", "T035900Z"), "it has expired");
        assert_eq!(wrong("T040000Z", "T042000Z"), "it is from the future");
        assert_eq!(wrong("%2Fsts%2F", "%2Fec2%2F"), "the scope of the credentials is not STS's");
    }
}
