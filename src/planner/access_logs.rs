//! The bucket that the public load balancer logs its requests to.

use serde_json::{Value, json};

use super::Context;
use crate::engine::{Address, Desired, Failure, Identity, Input, Owner, Spec};
use crate::manifest::environment::{AccessLogs, LogBucket};
use crate::resources::elbv2::load_balancer::LogDelivery;
use crate::resources::s3::bucket::LifecycleRule;
use crate::resources::s3::{Bucket, delivery};

/// Its name in addresses.
const NAME: &str = "access-logs";
/// S3's limit.
const LONGEST: usize = 63;
/// Plans what the manifest asks for; nothing where it wants no logs.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    logs: &AccessLogs,
) -> Result<Option<LogDelivery>, Failure> {
    let prefix = logs.prefix.clone().unwrap_or_default();
    let bucket = match &logs.bucket {
        LogBucket::None => return Ok(None),
        LogBucket::Existing(name) => Input::Known(name.as_str().into()),
        LogBucket::Own { retention } => {
            let name = name(context);
            let days = retention.and_then(|days| i32::try_from(days).ok());
            let expire = days.map(|days| LifecycleRule {
                id: "expire".to_owned(),
                enabled: true,
                prefix: String::new(),
                expire_after_days: Some(days),
                abort_uploads_after_days: None,
            });
            let bucket = Bucket {
                lifecycle: expire.into_iter().collect(),
                policy: Some(policy(context, &name, &prefix)),
                tags: context.tags()?,
                ..Bucket::new(name)
            };
            // Load balancers look whether they may write.
            desired.add(&Owner::Environment, NAME, &bucket)?.name().when_ready()
        }
    };
    Ok(Some(LogDelivery { bucket, prefix }))
}

/// No other account's bucket may have it, and no other region's.
fn name(context: &Context<'_>) -> String {
    let place = format!("-{}-{}", context.account, context.region);
    let identity = Identity {
        application: context.application().to_owned(),
        environment: context.environment.to_owned(),
        address: Address::new(Bucket::KIND, NAME),
        generation: 1,
        run: String::new(),
        owner: Owner::Environment,
    };
    identity.name(LONGEST.saturating_sub(place.len())) + &place
}

/// Lets load balancers of this account put logs below the prefix, and nothing else.
fn policy(context: &Context<'_>, bucket: &str, prefix: &str) -> Value {
    let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let (partition, account) = (context.partition, context.account);
    let object = format!("arn:{partition}:s3:::{bucket}/{folder}AWSLogs/{account}/*");
    let allow = |principal: Value| {
        json!({
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": object,
        })
    };
    let mut statements = vec![allow(json!({ "Service": delivery::SERVICE }))];
    if let Some(account) = delivery::account(context.region) {
        statements.push(allow(json!({ "AWS": format!("arn:{partition}:iam::{account}:root") })));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}
