//! A bucket, its settings inside.

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier, ObjectOwnership,
    Tag,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::{self, built};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// A bucket. It holds data: it goes only where that is allowed by kind, and then with all that is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its name, which no other bucket on earth has: 3 to 63 lower-case letters, digits and hyphens.
    pub name: String,
    /// How objects are encrypted that say nothing: `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub encryption: String,
    /// The KMS key, where it is not AWS's own.
    pub kms_key: Option<String>,
    /// Whether KMS is asked once for many objects.
    pub bucket_key: bool,
    /// Whether no access list and no policy can make it public: all four of S3's blocks, or not all.
    pub block_public_access: bool,
    /// Whose objects are: `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`.
    pub ownership: String,
    /// When objects go by themselves, by id.
    pub lifecycle: Vec<LifecycleRule>,
    /// What others may do in it.
    pub policy: Option<Value>,
    /// The user's own tags.
    pub tags: Tags,
}

/// When objects go by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// Its name within the bucket.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// What the keys begin with; may be empty.
    pub prefix: String,
    /// Days after which objects go.
    pub expire_after_days: Option<i32>,
    /// Days after which the parts of uploads that did not end go.
    pub abort_uploads_after_days: Option<i32>,
}

impl Bucket {
    /// A private bucket that keeps everything: as S3 makes it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            encryption: "AES256".to_owned(),
            kms_key: None,
            bucket_key: false,
            block_public_access: true,
            ownership: "BucketOwnerEnforced".to_owned(),
            lifecycle: Vec::new(),
            policy: None,
            tags: Tags::new(),
        }
    }
}

ids! {
    /// A bucket's name.
    BucketName,
}

outputs! { Bucket => BucketOutputs {
    /// Its name.
    name: BucketName,
    /// Its ARN.
    arn: String,
} }

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateBucket.Bucket", "`name`"),
    ("CreateBucket.ACL", "access lists are off where the owner owns all objects"),
    ("CreateBucket.GrantFullControl", "access lists are off where the owner owns all objects"),
    ("CreateBucket.GrantRead", "access lists are off where the owner owns all objects"),
    ("CreateBucket.GrantReadACP", "access lists are off where the owner owns all objects"),
    ("CreateBucket.GrantWrite", "access lists are off where the owner owns all objects"),
    ("CreateBucket.GrantWriteACP", "access lists are off where the owner owns all objects"),
    ("CreateBucket.ObjectLockEnabledForBucket", "object lock is not offered"),
    ("CreateBucket.BucketNamespace", "names are in the global namespace"),
    ("CreateBucket.CreateBucketConfiguration", "the region, and tags"),
    ("PutBucketEncryption.Bucket", "`name`"),
    ("PutBucketEncryption.ContentMD5", "about the request alone"),
    ("PutBucketEncryption.ChecksumAlgorithm", "about the request alone"),
    ("PutBucketEncryption.ExpectedBucketOwner", "always this account"),
    (
        "PutBucketEncryption.ServerSideEncryptionConfiguration.Rules[].BlockedEncryptionTypes",
        "left as S3 has it",
    ),
    ("PutPublicAccessBlock.Bucket", "`name`"),
    ("PutPublicAccessBlock.ContentMD5", "about the request alone"),
    ("PutPublicAccessBlock.ChecksumAlgorithm", "about the request alone"),
    ("PutPublicAccessBlock.ExpectedBucketOwner", "always this account"),
    (
        "PutPublicAccessBlock.PublicAccessBlockConfiguration",
        "`block_public_access` stands for all four",
    ),
    ("PutBucketOwnershipControls.Bucket", "`name`"),
    ("PutBucketOwnershipControls.ContentMD5", "about the request alone"),
    ("PutBucketOwnershipControls.ChecksumAlgorithm", "about the request alone"),
    ("PutBucketOwnershipControls.ExpectedBucketOwner", "always this account"),
    ("PutBucketLifecycleConfiguration.Bucket", "`name`"),
    ("PutBucketLifecycleConfiguration.ChecksumAlgorithm", "about the request alone"),
    ("PutBucketLifecycleConfiguration.ExpectedBucketOwner", "always this account"),
    (
        "PutBucketLifecycleConfiguration.TransitionDefaultMinimumObjectSize",
        "storage classes are not offered",
    ),
    (
        "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules[].Transitions",
        "storage classes are not offered",
    ),
    (
        "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules[].NoncurrentVersionTransitions",
        "versions are not offered",
    ),
    (
        "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules[].NoncurrentVersionExpiration",
        "versions are not offered",
    ),
    (
        "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules[].Expiration.Date",
        "rules go by age",
    ),
    (
        "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules[].Expiration.ExpiredObjectDeleteMarker",
        "versions are not offered",
    ),
    (
        "PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules[].Filter",
        "`prefix`; rules for tags and sizes are not offered",
    ),
    ("PutBucketPolicy.Bucket", "`name`"),
    ("PutBucketPolicy.ContentMD5", "about the request alone"),
    ("PutBucketPolicy.ChecksumAlgorithm", "about the request alone"),
    (
        "PutBucketPolicy.ConfirmRemoveSelfBucketAccess",
        "policies here let others in, and nobody out",
    ),
    ("PutBucketPolicy.ExpectedBucketOwner", "always this account"),
];

impl Spec for Bucket {
    const KIND: &'static str = "s3/bucket";
}

impl Resource for Bucket {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("name"), Rule::Policy("policy")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: Some("its objects"),
        pace: Pace::AT_ONCE,
    };

    type Outputs = BucketOutputs;

    /// What the tagging API knows, and what is wanted by name; no call where that is nothing.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let mut names: Vec<String> =
            bulk.keys().filter_map(|arn| arn.split(":s3:::").nth(1)).map(str::to_owned).collect();
        let wanted = |identity: &Identity| query.wanted_text(&identity.address, "name");
        names.extend(query.wanted.iter().filter_map(wanted).map(str::to_owned));
        names.sort_unstable();
        names.dedup();
        let mut found = Found::default();
        for name in names {
            let Some(all) = tags_of(cx, &name).await? else { continue };
            let Some(identity) = tags::identity(&all, query) else {
                if let Some(one) = query.wanted.iter().find(|it| wanted(it) == Some(&name)) {
                    found.foreign.push(tags::foreign(one, name, &all));
                }
                continue;
            };
            let own = tags::own(&all, &identity);
            if let Some(spec) = settings::read(cx, &name, own).await? {
                found.owned.push(to_live(cx, spec, identity));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        // The first region is none.
        let constraint =
            (cx.region != "us-east-1").then(|| BucketLocationConstraint::from(cx.region.as_str()));
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(constraint)
            .set_tags(Some(to_sdk(&tags::for_create(identity, &self.tags, false))?))
            .build();
        let call = cx
            .s3
            .create_bucket()
            .bucket(&self.name)
            .object_ownership(ObjectOwnership::from(self.ownership.as_str()))
            .create_bucket_configuration(configuration);
        call.send().await.map_err(|error| classify("s3 CreateBucket", error))?;
        let new = Self { ownership: self.ownership.clone(), ..Self::new(&self.name) };
        settings::write(cx, &new, self).await?;
        Ok(Progress::done(outputs(cx, &self.name)))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        settings::write(cx, &live.spec, self).await?;
        if touches(changes, "tags") {
            put_tags(cx, &self.name, &tags::for_create(&live.identity, &self.tags, false)).await?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let name = live.outputs.name.as_str();
        // Objects go with it: that it holds them was said, and allowed by name.
        empty(cx, name).await?;
        let call = cx.s3.delete_bucket().bucket(name).expected_bucket_owner(&cx.account);
        unless_gone(call.send().await.map_err(|error| classify("s3 DeleteBucket", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.split_once(":s3:::").map_or(id, |(_, name)| name);
        let Some(all) = tags_of(cx, name).await? else { return Ok(None) };
        let Some(spec) = settings::read(cx, name, Tags::new()).await? else { return Ok(None) };
        let make = |identity, tags| to_live(cx, Self { tags, ..spec }, identity);
        Ok(Some(Existing::of(all, wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        let name = live.outputs.name.as_str();
        // The call writes all tags anew.
        let mut all = tags_of(cx, name).await?.unwrap_or_default();
        all.extend(tags.clone());
        put_tags(cx, name, &all).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        tags_of(cx, live.outputs.name.as_str()).await
    }

    async fn losses(cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        let call = cx.s3.list_object_versions().bucket(live.outputs.name.as_str());
        let sent = call.expected_bucket_owner(&cx.account).max_keys(1000).send().await;
        let listed = sent.map_err(|error| classify("s3 ListObjectVersions", error))?;
        let more = if listed.is_truncated() == Some(true) { "more than " } else { "" };
        Ok(match listed.versions().len() {
            0 => None,
            1 => Some("1 object".to_owned()),
            count => Some(format!("{more}{count} objects")),
        })
    }
}

/// Deletes all that is in a bucket, a thousand objects a call; versions, too, if somebody has turned them on.
async fn empty(cx: &Cx, name: &str) -> Result<(), Failure> {
    loop {
        let call = cx.s3.list_object_versions().bucket(name).expected_bucket_owner(&cx.account);
        let sent = call.send().await.map_err(|error| classify("s3 ListObjectVersions", error));
        let Some(page) = unless_gone(sent)? else { return Ok(()) };
        let versions = page.versions().iter().map(|it| (it.key(), it.version_id()));
        let marks = page.delete_markers().iter().map(|it| (it.key(), it.version_id()));
        let mut objects = Vec::new();
        for (key, version) in versions.chain(marks) {
            let object = ObjectIdentifier::builder().set_key(key.map(str::to_owned));
            objects.push(built(object.set_version_id(version.map(str::to_owned)).build())?);
        }
        if objects.is_empty() {
            return Ok(());
        }
        let delete = built(Delete::builder().set_objects(Some(objects)).quiet(true).build())?;
        let call = cx.s3.delete_objects().bucket(name).expected_bucket_owner(&cx.account);
        let answer = call.delete(delete).send().await;
        let answer = answer.map_err(|error| classify("s3 DeleteObjects", error))?;
        if let Some(error) = answer.errors().first() {
            let denied = error.code() == Some("AccessDenied");
            let class = if denied { Class::Denied } else { Class::Invalid };
            let (key, why) = (error.key().unwrap_or_default(), error.message().unwrap_or_default());
            return Err(Failure::new(class, format!("`{key}` cannot be deleted: {why}"))
                .with_hint(format!(
                    "empty the bucket `{name}` yourself, then run the same command again"
                )));
        }
    }
}

/// All tags of a bucket; `None` where there is none of that name.
async fn tags_of(cx: &Cx, name: &str) -> Result<Option<Tags>, Failure> {
    let call = cx.s3.get_bucket_tagging().bucket(name).expected_bucket_owner(&cx.account);
    let sent = call.send().await.map_err(|error| classify("s3 GetBucketTagging", error));
    let sent = sent.map_err(|failure| match failure.class {
        Class::Denied => failure.with_hint(format!(
            "either the credentials need `s3:GetBucketTagging`, or the bucket `{name}` is another account's"
        )),
        _ => failure,
    });
    if sent.as_ref().is_err_and(|it| it.code.as_deref() == Some("NoSuchTagSet")) {
        return Ok(Some(Tags::new()));
    }
    let Some(answer) = unless_gone(sent)? else { return Ok(None) };
    let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().to_owned());
    Ok(Some(answer.tag_set().iter().map(pair).collect()))
}

fn to_sdk(tags: &Tags) -> Result<Vec<Tag>, Failure> {
    let tag = |(key, value)| built(Tag::builder().key(key).value(value).build());
    tags.iter().map(tag).collect()
}

async fn put_tags(cx: &Cx, name: &str, tags: &Tags) -> Result<(), Failure> {
    let tagging = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(to_sdk(tags)?)).build();
    let call = cx.s3.put_bucket_tagging().bucket(name).expected_bucket_owner(&cx.account);
    let sent = call.tagging(built(tagging)?).send().await;
    sent.map(drop).map_err(|error| classify("s3 PutBucketTagging", error))
}

fn outputs(cx: &Cx, name: &str) -> BucketOutputs {
    BucketOutputs { name: name.into(), arn: format!("arn:{}:s3:::{name}", cx.partition()) }
}

fn to_live(cx: &Cx, spec: Bucket, identity: Identity) -> Live<Bucket> {
    Live {
        identity,
        outputs: outputs(cx, &spec.name),
        health: Health::Ready,
        id: spec.name.clone(),
        spec,
    }
}
