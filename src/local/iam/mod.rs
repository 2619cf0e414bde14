//! `iam`: roles with their policies, managed policies, instance profiles, OpenID Connect providers. Users (but the account's
//! root) and groups are not here. What policies permit is only simulated: local AWS checks no permissions.

mod account;
mod attached;
mod authorization;
mod errors;
mod inline;
mod managed;
mod managed_table;
mod names;
mod oidc;
mod pages;
mod policy;
mod policy_document;
mod policy_version;
mod profile;
mod role;
mod role_boundary;
mod service_linked;
mod simulate;
mod statement;
mod tags;

use super::service::{self, Protocol, Service};
use super::store::Table;

/// Roles by name: `Arn`, `Inline` (documents by name), `Attached` (policy ARNs), `Tags` and more.
const ROLES: Table = Table::global("iam/role");
/// The account's managed policies by ARN, with their versions.
const POLICIES: Table = Table::global("iam/policy");
/// Instance profiles by name.
const PROFILES: Table = Table::global("iam/instance-profile");
/// OpenID Connect providers by ARN.
const OIDC_PROVIDERS: Table = Table::global("iam/oidc-provider");
/// Deletions of service-linked roles by task.
const DELETIONS: Table = Table::global("iam/deletion");

pub(super) static SERVICE: Service = Service {
    name: "iam",
    protocol: Protocol::Query,
    target: "2010-05-08",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    invalid: "ValidationError",
    invalid_token: "ValidationError",
    throttle: ("Throttling", 400),
    timer: None,
    operations: &[
        service::write("CreateRole", role::create),
        service::read("GetRole", role::get),
        service::read("ListRoles", role::list),
        service::write("UpdateRole", role::update),
        service::write("UpdateRoleDescription", role::update_description),
        service::write("UpdateAssumeRolePolicy", role::update_trust),
        service::write("DeleteRole", role::delete),
        service::write("PutRolePermissionsBoundary", role_boundary::put),
        service::write("DeleteRolePermissionsBoundary", role_boundary::delete),
        service::write("CreateServiceLinkedRole", service_linked::create),
        service::write("DeleteServiceLinkedRole", service_linked::delete),
        service::read("GetServiceLinkedRoleDeletionStatus", service_linked::deletion_status),
        service::write("TagRole", tags::tag_role),
        service::write("UntagRole", tags::untag_role),
        service::read("ListRoleTags", tags::list_role_tags),
        service::write("PutRolePolicy", inline::put),
        service::read("GetRolePolicy", inline::get),
        service::read("ListRolePolicies", inline::list),
        service::write("DeleteRolePolicy", inline::delete),
        service::write("AttachRolePolicy", attached::attach),
        service::write("DetachRolePolicy", attached::detach),
        service::read("ListAttachedRolePolicies", attached::list),
        service::read("ListEntitiesForPolicy", attached::entities),
        service::write("CreatePolicy", policy::create),
        service::read("GetPolicy", policy::get),
        service::read("ListPolicies", policy::list),
        service::write("DeletePolicy", policy::delete),
        service::write("CreatePolicyVersion", policy_version::create),
        service::read("GetPolicyVersion", policy_version::get),
        service::read("ListPolicyVersions", policy_version::list),
        service::write("SetDefaultPolicyVersion", policy_version::set_default),
        service::write("DeletePolicyVersion", policy_version::delete),
        service::write("TagPolicy", tags::tag_policy),
        service::write("UntagPolicy", tags::untag_policy),
        service::read("ListPolicyTags", tags::list_policy_tags),
        service::write("CreateInstanceProfile", profile::create),
        service::read("GetInstanceProfile", profile::get),
        service::read("ListInstanceProfiles", profile::list),
        service::read("ListInstanceProfilesForRole", profile::list_for_role),
        service::write("AddRoleToInstanceProfile", profile::add_role),
        service::write("RemoveRoleFromInstanceProfile", profile::remove_role),
        service::write("DeleteInstanceProfile", profile::delete),
        service::write("TagInstanceProfile", tags::tag_profile),
        service::write("UntagInstanceProfile", tags::untag_profile),
        service::read("ListInstanceProfileTags", tags::list_profile_tags),
        service::write("CreateOpenIDConnectProvider", oidc::create),
        service::read("GetOpenIDConnectProvider", oidc::get),
        service::read("ListOpenIDConnectProviders", oidc::list),
        service::write("AddClientIDToOpenIDConnectProvider", oidc::add_client),
        service::write("RemoveClientIDFromOpenIDConnectProvider", oidc::remove_client),
        service::write("UpdateOpenIDConnectProviderThumbprint", oidc::set_thumbprints),
        service::write("DeleteOpenIDConnectProvider", oidc::delete),
        service::write("TagOpenIDConnectProvider", tags::tag_oidc),
        service::write("UntagOpenIDConnectProvider", tags::untag_oidc),
        service::read("ListOpenIDConnectProviderTags", tags::list_oidc_tags),
        service::read("GetAccountAuthorizationDetails", authorization::details),
        service::read("ListAccountAliases", account::list_account_aliases),
        service::read("GetAccountSummary", account::summary),
        service::read("SimulateCustomPolicy", simulate::custom),
        service::read("SimulatePrincipalPolicy", simulate::principal),
    ],
};
