//! A bucket's settings: read one by one, and written where they differ.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus,
    LifecycleExpiration, LifecycleRule as Rule, LifecycleRuleFilter, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

use super::bucket::{Bucket, LifecycleRule};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{Class, Failure};
use crate::resources::resource::Tags;

/// The answer; `None` where the call was refused with this code.
fn none_where<T>(code: &str, sent: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match sent {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.code.as_deref() == Some(code) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What a builder of the SDK's made.
pub(super) fn built<T, E: std::fmt::Display>(built: Result<T, E>) -> Result<T, Failure> {
    built.map_err(|error| Failure::new(Class::Invalid, error.to_string()))
}

/// A bucket as it is; `None` where it is gone.
pub(super) async fn read(cx: &Cx, name: &str, tags: Tags) -> Result<Option<Bucket>, Failure> {
    let (s3, owner) = (&cx.s3, &cx.account);
    let encryption = async {
        let sent = s3.get_bucket_encryption().bucket(name).expected_bucket_owner(owner).send();
        let sent = sent.await.map_err(|error| classify("s3 GetBucketEncryption", error));
        none_where("ServerSideEncryptionConfigurationNotFoundError", sent)
    };
    let public = async {
        let sent = s3.get_public_access_block().bucket(name).expected_bucket_owner(owner).send();
        let sent = sent.await.map_err(|error| classify("s3 GetPublicAccessBlock", error));
        none_where("NoSuchPublicAccessBlockConfiguration", sent)
    };
    let ownership = async {
        let call = s3.get_bucket_ownership_controls().bucket(name).expected_bucket_owner(owner);
        let sent = call.send().await;
        let sent = sent.map_err(|error| classify("s3 GetBucketOwnershipControls", error));
        none_where("OwnershipControlsNotFoundError", sent)
    };
    let lifecycle = async {
        let call = s3.get_bucket_lifecycle_configuration().bucket(name);
        let sent = call.expected_bucket_owner(owner).send().await;
        let sent = sent.map_err(|error| classify("s3 GetBucketLifecycleConfiguration", error));
        none_where("NoSuchLifecycleConfiguration", sent)
    };
    let policy = async {
        let sent = s3.get_bucket_policy().bucket(name).expected_bucket_owner(owner).send().await;
        let sent = sent.map_err(|error| classify("s3 GetBucketPolicy", error));
        none_where("NoSuchBucketPolicy", sent)
    };
    let read = futures_util::try_join!(encryption, public, ownership, lifecycle, policy);
    let Some((encryption, public, ownership, lifecycle, policy)) = unless_gone(read)? else {
        return Ok(None);
    };
    let rules = encryption.as_ref().and_then(|it| it.server_side_encryption_configuration());
    let rule = rules.and_then(|it| it.rules().first());
    let default = rule.and_then(|it| it.apply_server_side_encryption_by_default());
    let blocks = public.as_ref().and_then(|it| it.public_access_block_configuration());
    let controls = ownership.as_ref().and_then(|it| it.ownership_controls());
    let controls = controls.and_then(|it| it.rules().first());
    let mut lifecycle: Vec<LifecycleRule> =
        lifecycle.iter().flat_map(|it| it.rules()).map(rule_of).collect();
    lifecycle.sort_by(|a, b| a.id.cmp(&b.id));
    let policy = policy.as_ref().and_then(|it| serde_json::from_str(it.policy()?).ok());
    Ok(Some(Bucket {
        name: name.to_owned(),
        encryption: default.map_or("AES256", |it| it.sse_algorithm().as_str()).to_owned(),
        kms_key: default.and_then(|it| it.kms_master_key_id()).map(str::to_owned),
        bucket_key: rule.and_then(|it| it.bucket_key_enabled()).unwrap_or_default(),
        block_public_access: blocks.is_some_and(|it| {
            it.block_public_acls() == Some(true)
                && it.ignore_public_acls() == Some(true)
                && it.block_public_policy() == Some(true)
                && it.restrict_public_buckets() == Some(true)
        }),
        ownership: controls.map_or("ObjectWriter", |it| it.object_ownership().as_str()).to_owned(),
        lifecycle,
        policy,
        tags,
    }))
}

fn rule_of(rule: &Rule) -> LifecycleRule {
    let abort = rule.abort_incomplete_multipart_upload();
    LifecycleRule {
        id: rule.id().unwrap_or_default().to_owned(),
        enabled: rule.status() == &ExpirationStatus::Enabled,
        prefix: rule.filter().and_then(|it| it.prefix()).unwrap_or_default().to_owned(),
        expire_after_days: rule.expiration().and_then(|it| it.days()),
        abort_uploads_after_days: abort.and_then(|it| it.days_after_initiation()),
    }
}

/// Makes the settings those of `wanted`; no call for what does not differ.
pub(super) async fn write(cx: &Cx, live: &Bucket, wanted: &Bucket) -> Result<(), Failure> {
    let encryption = |it: &Bucket| (it.encryption.clone(), it.kms_key.clone(), it.bucket_key);
    if encryption(live) != encryption(wanted) {
        put_encryption(cx, wanted).await?;
    }
    if live.block_public_access != wanted.block_public_access {
        put_public_access(cx, wanted).await?;
    }
    if live.ownership != wanted.ownership {
        let rule = OwnershipControlsRule::builder()
            .object_ownership(ObjectOwnership::from(wanted.ownership.as_str()));
        let controls = OwnershipControls::builder().rules(built(rule.build())?);
        let call = cx.s3.put_bucket_ownership_controls().bucket(&wanted.name);
        let call = call.expected_bucket_owner(&cx.account);
        let sent = call.ownership_controls(built(controls.build())?).send().await;
        sent.map_err(|error| classify("s3 PutBucketOwnershipControls", error))?;
    }
    if live.lifecycle != wanted.lifecycle {
        put_lifecycle(cx, wanted).await?;
    }
    if live.policy != wanted.policy {
        put_policy(cx, wanted).await?;
    }
    Ok(())
}

async fn put_encryption(cx: &Cx, wanted: &Bucket) -> Result<(), Failure> {
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::from(wanted.encryption.as_str()))
        .set_kms_master_key_id(wanted.kms_key.clone());
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(built(default.build())?)
        .bucket_key_enabled(wanted.bucket_key)
        .build();
    let configuration = ServerSideEncryptionConfiguration::builder().rules(rule);
    let call =
        cx.s3.put_bucket_encryption().bucket(&wanted.name).expected_bucket_owner(&cx.account);
    let call = call.server_side_encryption_configuration(built(configuration.build())?);
    call.send().await.map_err(|error| classify("s3 PutBucketEncryption", error))?;
    Ok(())
}

async fn put_public_access(cx: &Cx, wanted: &Bucket) -> Result<(), Failure> {
    let on = wanted.block_public_access;
    let blocks = PublicAccessBlockConfiguration::builder()
        .block_public_acls(on)
        .ignore_public_acls(on)
        .block_public_policy(on)
        .restrict_public_buckets(on)
        .build();
    let call =
        cx.s3.put_public_access_block().bucket(&wanted.name).expected_bucket_owner(&cx.account);
    let sent = call.public_access_block_configuration(blocks).send().await;
    sent.map_err(|error| classify("s3 PutPublicAccessBlock", error))?;
    Ok(())
}

async fn put_lifecycle(cx: &Cx, wanted: &Bucket) -> Result<(), Failure> {
    let (s3, name, owner) = (&cx.s3, &wanted.name, &cx.account);
    if wanted.lifecycle.is_empty() {
        let sent = s3.delete_bucket_lifecycle().bucket(name).expected_bucket_owner(owner).send();
        sent.await.map_err(|error| classify("s3 DeleteBucketLifecycle", error))?;
        return Ok(());
    }
    let mut rules = Vec::new();
    for rule in &wanted.lifecycle {
        let status = match rule.enabled {
            true => ExpirationStatus::Enabled,
            false => ExpirationStatus::Disabled,
        };
        let expire = |days| LifecycleExpiration::builder().days(days).build();
        let abort =
            |days| AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build();
        let rule = Rule::builder()
            .id(&rule.id)
            .status(status)
            .filter(LifecycleRuleFilter::builder().prefix(&rule.prefix).build())
            .set_expiration(rule.expire_after_days.map(expire))
            .set_abort_incomplete_multipart_upload(rule.abort_uploads_after_days.map(abort));
        rules.push(built(rule.build())?);
    }
    let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules));
    let call = s3.put_bucket_lifecycle_configuration().bucket(name).expected_bucket_owner(owner);
    let sent = call.lifecycle_configuration(built(rules.build())?).send().await;
    sent.map_err(|error| classify("s3 PutBucketLifecycleConfiguration", error))?;
    Ok(())
}

async fn put_policy(cx: &Cx, wanted: &Bucket) -> Result<(), Failure> {
    let (s3, name, owner) = (&cx.s3, &wanted.name, &cx.account);
    let Some(policy) = &wanted.policy else {
        let sent = s3.delete_bucket_policy().bucket(name).expected_bucket_owner(owner).send();
        sent.await.map_err(|error| classify("s3 DeleteBucketPolicy", error))?;
        return Ok(());
    };
    let call = s3.put_bucket_policy().bucket(name).expected_bucket_owner(owner);
    let sent = call.policy(policy.to_string()).send().await;
    sent.map_err(|error| classify("s3 PutBucketPolicy", error))?;
    Ok(())
}
