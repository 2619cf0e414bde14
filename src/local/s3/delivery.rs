//! May a load balancer put its logs into a bucket? Asked when it is told to, as AWS does.

use serde_json::Value;

use super::BUCKETS;
use crate::local::call::Call;
use crate::local::document::Document;

/// Who delivers for application load balancers, in every region.
const SERVICE: &str = "logdelivery.elasticloadbalancing.amazonaws.com";
/// Who delivers for network load balancers.
const NETWORK: &str = "delivery.logs.amazonaws.com";

/// Whose accounts deliver in regions that are older than that.
const ACCOUNTS: [(&str, &str); 26] = [
    ("af-south-1", "098369216593"),
    ("ap-east-1", "754344448648"),
    ("ap-northeast-1", "582318560864"),
    ("ap-northeast-2", "600734575887"),
    ("ap-northeast-3", "383597477331"),
    ("ap-south-1", "718504428378"),
    ("ap-southeast-1", "114774131450"),
    ("ap-southeast-2", "783225319266"),
    ("ap-southeast-3", "589379963580"),
    ("ca-central-1", "985666609251"),
    ("cn-north-1", "638102146993"),
    ("cn-northwest-1", "037604701340"),
    ("eu-central-1", "054676820928"),
    ("eu-north-1", "897822967062"),
    ("eu-south-1", "635631232127"),
    ("eu-west-1", "156460612806"),
    ("eu-west-2", "652711504416"),
    ("eu-west-3", "009996457667"),
    ("me-south-1", "076674570225"),
    ("sa-east-1", "507241528517"),
    ("us-east-1", "127311923021"),
    ("us-east-2", "033677994240"),
    ("us-gov-east-1", "190560391635"),
    ("us-gov-west-1", "048591011584"),
    ("us-west-1", "027434742980"),
    ("us-west-2", "797873946194"),
];

/// One text or a list of them.
pub(super) fn texts<'a>(of: &'a Value, member: &str) -> Vec<&'a str> {
    match of.get(member) {
        Some(Value::String(one)) => vec![one],
        _ => of.texts(member),
    }
}

/// Why logs cannot be put into this bucket below this prefix; `None` where they can.
pub(in crate::local) fn refusal(
    call: &Call<'_>,
    network: bool,
    bucket: &str,
    prefix: &str,
) -> Option<String> {
    let Some(document) = call.get(BUCKETS, bucket) else {
        return Some(format!("S3Bucket: {bucket} does not exist"));
    };
    if document.text("region") != call.region {
        return Some(format!("S3Bucket: {bucket} is not in the region of the load balancer"));
    }
    let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let object = format!("arn:aws:s3:::{bucket}/{folder}AWSLogs/{}/x", call.account);
    let policy: Value = serde_json::from_str(document.text("policy")).unwrap_or_default();
    let statements = match policy.get("Statement") {
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => policy.list("Statement").to_vec(),
    };
    let of_region = ACCOUNTS.iter().find(|(region, _)| *region == call.region && !network);
    let service = if network { NETWORK } else { SERVICE };
    let allows = |statement: &Value| {
        let principal = &statement["Principal"];
        let old = |it: &&str| {
            of_region.is_some_and(|(_, account)| {
                it == account || it.ends_with(&format!("::{account}:root"))
            })
        };
        statement.text("Effect") == "Allow"
            && (texts(principal, "Service").contains(&service)
                || texts(principal, "AWS").iter().any(old))
            && texts(statement, "Action")
                .iter()
                .any(|it| matches!(*it, "s3:PutObject" | "s3:*" | "s3:Put*"))
            && texts(statement, "Resource").iter().any(|it| fits(it, &object))
    };
    (!statements.iter().any(allows))
        .then(|| format!("Access Denied for bucket: {bucket}. Please check S3bucket permission"))
}

/// Does the pattern, with its stars, fit?
fn fits(pattern: &str, arn: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == arn,
        Some((start, rest)) => arn.strip_prefix(start).is_some_and(|behind| {
            (0..=behind.len()).any(|at| behind.get(at..).is_some_and(|end| fits(rest, end)))
        }),
    }
}
