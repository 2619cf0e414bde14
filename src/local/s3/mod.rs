//! `s3`: buckets with their settings, and objects as far as a bucket can be empty or not. No bucket keeps versions:
//! all that is listed has the version `null`. Parts of uploads, access lists and replication are not here. Buckets belong to one account each, as their names would.

mod bucket;
pub(super) mod delivery;
mod object;
mod settings;

use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Buckets by name: region, time, and each setting in a member of its own.
const BUCKETS: Table = Table::global("s3/bucket");
/// Objects by `bucket/key`.
const OBJECTS: Table = Table::global("s3/object");

pub(super) static SERVICE: Service = Service {
    name: "s3",
    protocol: Protocol::S3,
    target: "",
    namespace: "http://s3.amazonaws.com/doc/2006-03-01/",
    invalid: "InvalidArgument",
    invalid_token: "InvalidArgument",
    throttle: ("SlowDown", 503),
    timer: None,
    operations: &[
        read("ListBuckets", bucket::list).at("GET service"),
        write("CreateBucket", bucket::create).at("PUT bucket"),
        read("HeadBucket", bucket::head).at("HEAD bucket"),
        write("DeleteBucket", bucket::delete).at("DELETE bucket"),
        read("GetBucketLocation", bucket::location).at("GET bucket?location"),
        write("PutBucketTagging", bucket::put_tags).at("PUT bucket?tagging"),
        read("GetBucketTagging", bucket::get_tags).at("GET bucket?tagging"),
        write("DeleteBucketTagging", bucket::delete_tags).at("DELETE bucket?tagging"),
        write("PutBucketPolicy", settings::put_policy).at("PUT bucket?policy"),
        read("GetBucketPolicy", settings::get_policy).at("GET bucket?policy"),
        write("DeleteBucketPolicy", settings::delete_policy).at("DELETE bucket?policy"),
        write("PutBucketEncryption", settings::put_encryption).at("PUT bucket?encryption"),
        read("GetBucketEncryption", settings::get_encryption).at("GET bucket?encryption"),
        write("DeleteBucketEncryption", settings::delete_encryption).at("DELETE bucket?encryption"),
        write("PutPublicAccessBlock", settings::put_public).at("PUT bucket?publicAccessBlock"),
        read("GetPublicAccessBlock", settings::get_public).at("GET bucket?publicAccessBlock"),
        write("DeletePublicAccessBlock", settings::delete_public)
            .at("DELETE bucket?publicAccessBlock"),
        write("PutBucketOwnershipControls", settings::put_ownership)
            .at("PUT bucket?ownershipControls"),
        read("GetBucketOwnershipControls", settings::get_ownership)
            .at("GET bucket?ownershipControls"),
        write("DeleteBucketOwnershipControls", settings::delete_ownership)
            .at("DELETE bucket?ownershipControls"),
        write("PutBucketLifecycleConfiguration", settings::put_lifecycle)
            .at("PUT bucket?lifecycle"),
        read("GetBucketLifecycleConfiguration", settings::get_lifecycle).at("GET bucket?lifecycle"),
        write("DeleteBucketLifecycle", settings::delete_lifecycle).at("DELETE bucket?lifecycle"),
        read("ListObjectsV2", object::list).at("GET bucket?list-type"),
        read("ListObjectVersions", object::versions).at("GET bucket?versions"),
        write("DeleteObjects", object::delete_many).at("POST bucket?delete"),
        write("PutObject", object::put).at("PUT object"),
        read("GetObject", object::get).at("GET object"),
        read("HeadObject", object::head).at("HEAD object"),
        write("DeleteObject", object::delete).at("DELETE object"),
        // Without a path: the tagging API hands these on.
        write("TagResource", bucket::tag),
        write("UntagResource", bucket::untag),
    ],
};
