//! A Cloud Map namespace: a private DNS zone of one VPC, a public DNS zone, or names for API calls only.

use aws_sdk_servicediscovery::operation::create_http_namespace::CreateHttpNamespaceError;
use aws_sdk_servicediscovery::operation::create_private_dns_namespace::CreatePrivateDnsNamespaceError;
use aws_sdk_servicediscovery::operation::create_public_dns_namespace::CreatePublicDnsNamespaceError;
use aws_sdk_servicediscovery::operation::delete_namespace::DeleteNamespaceError;
use aws_sdk_servicediscovery::types::{
    FilterCondition, HttpNamespaceChange, NamespaceSummary, NamespaceType, OperationFilter,
    OperationFilterName, OperationTargetType, PrivateDnsNamespaceChange,
    PrivateDnsNamespaceProperties, PrivateDnsNamespacePropertiesChange,
    PrivateDnsPropertiesMutable, PrivateDnsPropertiesMutableChange, PublicDnsNamespaceChange,
    PublicDnsNamespaceProperties, PublicDnsNamespacePropertiesChange, PublicDnsPropertiesMutable,
    PublicDnsPropertiesMutableChange, Soa, SoaChange,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common::{PAGE, built, claim, operation, read_tags, retag, tags_of, tags_to_sdk};
use super::leftovers;
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Foreign, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder,
    Rule, Spec,
};
use crate::resources::ec2::VpcId;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A Cloud Map namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// `test.demo.local`: the end of every name in it.
    pub name: String,
    /// The VPC whose DNS knows it; `None` for a public namespace, and for an HTTP namespace, which only
    /// API calls (and Service Connect) know.
    pub vpc: Option<Input<VpcId>>,
    /// All DNS knows it, in a public hosted zone of its own.
    #[serde(default)]
    pub public: bool,
    /// For people; may be empty.
    pub description: String,
    /// How long, in seconds, resolvers remember that a name is not there; `None` for an HTTP namespace.
    pub soa_ttl: Option<i64>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Namespace {
    /// What Cloud Map itself sets, in seconds.
    pub const SOA_TTL: i64 = 15;

    /// A private DNS namespace.
    pub fn private_dns(name: impl Into<String>, vpc: Input<VpcId>) -> Self {
        Self {
            name: name.into(),
            vpc: Some(vpc),
            public: false,
            description: String::new(),
            soa_ttl: Some(Self::SOA_TTL),
            tags: Tags::new(),
        }
    }

    /// A public DNS namespace.
    pub fn public_dns(name: impl Into<String>) -> Self {
        Self { public: true, soa_ttl: Some(Self::SOA_TTL), ..Self::http(name) }
    }

    /// An HTTP namespace.
    pub fn http(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            vpc: None,
            public: false,
            description: String::new(),
            soa_ttl: None,
            tags: Tags::new(),
        }
    }
}

impl Spec for Namespace {
    const KIND: &'static str = "servicediscovery/namespace";
}

crate::ids! {
    /// `ns-…`.
    NamespaceId,
    /// A namespace's ARN.
    NamespaceArn,
}

crate::outputs!(Namespace => NamespaceOutputs {
    /// `ns-…`.
    id: NamespaceId,
    /// Its ARN.
    arn: NamespaceArn,
    /// Its name.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreatePrivateDnsNamespace.CreatorRequestId", "makes the call idempotent, is no property"),
    ("CreatePublicDnsNamespace.CreatorRequestId", "makes the call idempotent, is no property"),
    ("CreateHttpNamespace.CreatorRequestId", "makes the call idempotent, is no property"),
    ("UpdatePrivateDnsNamespace.UpdaterRequestId", "makes the call idempotent, is no property"),
    ("UpdatePublicDnsNamespace.UpdaterRequestId", "makes the call idempotent, is no property"),
    ("UpdateHttpNamespace.UpdaterRequestId", "makes the call idempotent, is no property"),
    ("UpdatePrivateDnsNamespace.Id", "says which namespace"),
    ("UpdatePublicDnsNamespace.Id", "says which namespace"),
    ("UpdateHttpNamespace.Id", "says which namespace"),
];

impl Resource for Namespace {
    const INFO: KindInfo = KindInfo {
        kind: Namespace::KIND,
        rules: &[Rule::Immutable("name"), Rule::Immutable("vpc"), Rule::Immutable("public")],
        // To tell what is in the way in our VPC.
        observe_after: &["ec2/vpc"],
        order_after: &[],
        // Two namespaces of one name exclude each other.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(40, 3, 600),
    };

    type Outputs = NamespaceOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut pages =
            cx.servicediscovery.list_namespaces().max_results(PAGE).into_paginator().send();
        let mut found = Found::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("servicediscovery ListNamespaces", error))?;
            for namespace in page.namespaces() {
                let all = tags_of(cx, query, namespace.arn().unwrap_or_default()).await?;
                match tags::identity(&all, query) {
                    Some(identity) => {
                        let own = tags::own(&all, &identity);
                        found.owned.push(live(namespace, identity, &all, own));
                    }
                    None => found.foreign.extend(in_the_way(namespace, &all, query)),
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let mut tags = tags::for_create(identity, &self.tags, false);
        let begun = match &self.vpc {
            Some(vpc) => {
                let vpc = vpc.get()?.0;
                tags.insert(VPC_TAG.to_owned(), vpc.clone());
                self.create_private_dns(cx, identity, vpc, tags).await?
            }
            None if self.public => self.create_public_dns(cx, identity, tags).await?,
            None => self.create_http(cx, identity, tags).await?,
        };
        // What another run began may have been wanted otherwise: then it is updated once it is there.
        let more = matches!(begun, Begun::Before { .. });
        let (id, ticket) = match begun {
            Begun::Operation(operation) => (made_by(cx, &operation).await?, Some(operation)),
            Begun::Before { operation: Some(operation), .. } => {
                let id = made_by(cx, &operation).await?;
                made_before(cx, identity, &id).await?;
                (id, Some(operation))
            }
            Begun::Before { namespace: Some(id), .. } => {
                made_before(cx, identity, &id).await?;
                let operation = running(cx, &id).await?;
                (id, operation)
            }
            Begun::Before { .. } => {
                return Err(Failure::new(
                    Class::AlreadyExists,
                    "a namespace of that name is there",
                ));
            }
        };
        let arn = cx.arn("servicediscovery", &format!("namespace/{id}"));
        let outputs =
            NamespaceOutputs { id: id.as_str().into(), arn: arn.into(), name: self.name.clone() };
        Ok(Progress { outputs: Some(outputs), ticket, more })
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let outputs = &live.outputs;
        if touches(changes, "tags") {
            retag(cx, outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        }
        let mut ticket = None;
        if touches(changes, "description") || touches(changes, "soa_ttl") {
            ticket = match self.vpc {
                Some(_) => self.update_private_dns(cx, outputs.id.as_str()).await?,
                None if self.public => self.update_public_dns(cx, outputs.id.as_str()).await?,
                None => self.update_http(cx, outputs.id.as_str()).await?,
            };
        }
        Ok(Progress { outputs: Some(outputs.clone()), ticket, more: false })
    }

    /// Refused while services are in it: ours go first, and those that ECS has left behind are deleted here.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let outputs = &live.outputs;
        let call = cx.servicediscovery.delete_namespace().id(outputs.id.as_str()).send().await;
        match call {
            Ok(answer) => Ok(Progress {
                outputs: None,
                ticket: answer.operation_id().map(str::to_owned),
                more: false,
            }),
            Err(error) => {
                let running = match error.as_service_error() {
                    Some(DeleteNamespaceError::DuplicateRequest(running)) => {
                        running.duplicate_operation_id().map(str::to_owned)
                    }
                    _ => None,
                };
                let failure = classify("servicediscovery DeleteNamespace", error);
                if failure.class == Class::DependencyStillThere {
                    return Err(leftovers::empty(cx, outputs).await?.unwrap_or(failure));
                }
                match running {
                    Some(_) => Ok(Progress { outputs: None, ticket: running, more: false }),
                    None if failure.class == Class::Gone => Ok(Progress::deleted()),
                    None => Err(failure),
                }
            }
        }
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            let done = if one.deleting { Health::Gone } else { Health::Ready };
            let health = match &one.ticket {
                Some(ticket) => operation(cx, ticket, done).await?,
                None => Health::Gone,
            };
            healths.push(match health {
                // Of no operation, or one that Cloud Map has forgotten.
                Health::Gone if one.ticket.is_none() || !one.deleting => {
                    look_at(cx, one.outputs.id.as_str()).await?
                }
                health => health,
            });
        }
        Ok(healths)
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let namespace = id.rsplit('/').next().unwrap_or(id);
        let sent = cx.servicediscovery.get_namespace().id(namespace).send().await;
        let answer =
            unless_gone(sent.map_err(|error| classify("servicediscovery GetNamespace", error)))?;
        let Some(found) = answer.and_then(|answer| answer.namespace) else { return Ok(None) };
        let found = NamespaceSummary::builder()
            .set_id(found.id)
            .set_arn(found.arn)
            .set_name(found.name)
            .set_type(found.r#type)
            .set_description(found.description)
            .set_properties(found.properties)
            .build();
        let all = read_tags(cx, found.arn().unwrap_or_default()).await?;
        let make = |identity, own| live(&found, identity, &all, own);
        Ok(Some(Existing::of(all.clone(), wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        let mut tags = tags.clone();
        if let Some(vpc) = &live.spec.vpc {
            tags.insert(VPC_TAG.to_owned(), vpc.get()?.0);
        }
        claim(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(read_tags(cx, live.outputs.arn.as_str()).await)
    }

    fn assume(live: &mut Live<Self>, desired: &Value) -> Option<String> {
        // Only private DNS namespaces have a zone, and theirs is some VPC's.
        if live.spec.vpc.is_some() || live.spec.public || live.spec.soa_ttl.is_none() {
            return None;
        }
        let vpc = desired.get("vpc").and_then(Value::as_str)?;
        live.spec.vpc = Some(Input::Known(vpc.into()));
        Some(format!(
            "Cloud Map does not say which VPC `{}` is for: it is taken to be `{vpc}`",
            live.id
        ))
    }
}

/// Whether a namespace that is not ours bears the name of one that is wanted in the same place. Which
/// VPC it is for is known of shipit's own only; of others it is taken for granted.
fn in_the_way(namespace: &NamespaceSummary, all: &Tags, query: &Query<'_>) -> Option<Foreign> {
    let is = |kind: NamespaceType| namespace.r#type() == Some(&kind);
    let (http, public) = (is(NamespaceType::Http), is(NamespaceType::DnsPublic));
    let wanted = query.wanted.iter().find(|wanted| {
        let text = |field| query.wanted_text(&wanted.address, field);
        let document = query.documents.get(&wanted.address);
        let wants_public = document.is_some_and(|document| document["public"] == true);
        let here = match document.and_then(|document| document.get("vpc")) {
            None | Some(Value::Null) if wants_public => public,
            None | Some(Value::Null) => http,
            Some(_) => {
                let of = |vpc| all.get(VPC_TAG).is_none_or(|of| of == vpc);
                !http && !public && text("vpc").is_some_and(of)
            }
        };
        here && text("name") == namespace.name()
    })?;
    Some(tags::foreign(wanted, namespace.id().unwrap_or_default(), all))
}

/// Holds the VPC of a private DNS namespace, which Cloud Map does not give back.
const VPC_TAG: &str = "shipit:vpc";

fn soa(ttl: Option<i64>) -> Result<Option<Soa>, Failure> {
    ttl.map(|ttl| built(Soa::builder().ttl(ttl).build())).transpose()
}

/// What a create call came to.
enum Begun {
    /// It began this operation.
    Operation(String),
    /// The name is taken: by an operation that is on its way, or by a namespace. A killed run leaves either.
    Before { operation: Option<String>, namespace: Option<String> },
}

fn begun<E>(
    operation: &str,
    answer: Result<Option<String>, SdkError<E, HttpResponse>>,
    before: impl Fn(&E) -> Option<Begun>,
) -> Result<Begun, Failure>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(Some(id)) => Ok(Begun::Operation(id)),
        Ok(None) => Err(Failure::new(Class::LostAnswer, "the answer holds no operation")),
        Err(error) => match error.as_service_error().and_then(before) {
            Some(before) => Ok(before),
            None => Err(classify(operation, error)),
        },
    }
}

/// The id of the namespace that an operation makes.
async fn made_by(cx: &Cx, operation: &str) -> Result<String, Failure> {
    let call = cx.servicediscovery.get_operation().operation_id(operation).send().await;
    let answer =
        unless_gone(call.map_err(|error| classify("servicediscovery GetOperation", error)))?;
    let of_operation = answer.as_ref().and_then(|answer| answer.operation());
    let id = of_operation
        .and_then(|one| one.targets())
        .and_then(|targets| targets.get(&OperationTargetType::Namespace));
    if let Some(id) = id {
        return Ok(id.clone());
    }
    if let Some(message) = of_operation.and_then(|one| one.error_message()) {
        return Err(Failure::new(Class::Invalid, message.trim_end_matches('.')));
    }
    // The same token again gives the same operation.
    Err(Failure::new(
        Class::NotYetConsistent,
        format!("operation {operation} does not say the namespace's id yet"),
    ))
}

/// Whether a namespace that was begun before is ours. One that has no tags yet is looked at again while its
/// operation runs: lists do not show it before it is made.
async fn made_before(cx: &Cx, identity: &Identity, id: &str) -> Result<(), Failure> {
    let arn = cx.arn("servicediscovery", &format!("namespace/{id}"));
    let tags = unless_gone(read_tags(cx, &arn).await)?;
    if tags.is_some_and(|tags| tags::still_owned(&tags, identity, id).is_ok()) {
        return Ok(());
    }
    let (class, why) = match running(cx, id).await? {
        Some(_) => (Class::ConflictInProgress, "is being made"),
        None => (Class::AlreadyExists, "is there"),
    };
    Err(Failure::new(class, format!("a namespace of that name {why}: {id}")))
}

/// The operation that is making a namespace, if one is.
async fn running(cx: &Cx, id: &str) -> Result<Option<String>, Failure> {
    let filter = |name: OperationFilterName, values: &[&str]| {
        built(
            OperationFilter::builder()
                .name(name)
                .set_values(Some(values.iter().map(|value| (*value).to_owned()).collect()))
                .condition(FilterCondition::In)
                .build(),
        )
    };
    let answer = cx
        .servicediscovery
        .list_operations()
        .filters(filter(OperationFilterName::NamespaceId, &[id])?)
        .filters(filter(OperationFilterName::Type, &["CREATE_NAMESPACE"])?)
        .filters(filter(OperationFilterName::Status, &["SUBMITTED", "PENDING"])?)
        .send()
        .await
        .map_err(|error| classify("servicediscovery ListOperations", error))?;
    Ok(answer.operations().first().and_then(|one| one.id()).map(str::to_owned))
}

impl Namespace {
    async fn create_private_dns(
        &self,
        cx: &Cx,
        identity: &Identity,
        vpc: String,
        tags: Tags,
    ) -> Result<Begun, Failure> {
        let properties = soa(self.soa_ttl)?.map(|soa| {
            let mutable = PrivateDnsPropertiesMutable::builder().soa(soa).build();
            PrivateDnsNamespaceProperties::builder().dns_properties(mutable).build()
        });
        let answer = cx
            .servicediscovery
            .create_private_dns_namespace()
            .name(&self.name)
            .creator_request_id(identity.client_token())
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .vpc(vpc)
            .set_properties(properties)
            .set_tags(Some(tags_to_sdk(tags)?))
            .send()
            .await
            .map(|answer| answer.operation_id);
        begun("servicediscovery CreatePrivateDnsNamespace", answer, |error| match error {
            CreatePrivateDnsNamespaceError::DuplicateRequest(other) => Some(Begun::Before {
                operation: other.duplicate_operation_id().map(str::to_owned),
                namespace: None,
            }),
            CreatePrivateDnsNamespaceError::NamespaceAlreadyExists(other) => Some(Begun::Before {
                operation: None,
                namespace: other.namespace_id().map(str::to_owned),
            }),
            _ => None,
        })
    }

    async fn create_public_dns(
        &self,
        cx: &Cx,
        identity: &Identity,
        tags: Tags,
    ) -> Result<Begun, Failure> {
        let properties = soa(self.soa_ttl)?.map(|soa| {
            let mutable = PublicDnsPropertiesMutable::builder().soa(soa).build();
            PublicDnsNamespaceProperties::builder().dns_properties(mutable).build()
        });
        let answer = cx
            .servicediscovery
            .create_public_dns_namespace()
            .name(&self.name)
            .creator_request_id(identity.client_token())
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .set_properties(properties)
            .set_tags(Some(tags_to_sdk(tags)?))
            .send()
            .await
            .map(|answer| answer.operation_id);
        begun("servicediscovery CreatePublicDnsNamespace", answer, |error| match error {
            CreatePublicDnsNamespaceError::DuplicateRequest(other) => Some(Begun::Before {
                operation: other.duplicate_operation_id().map(str::to_owned),
                namespace: None,
            }),
            CreatePublicDnsNamespaceError::NamespaceAlreadyExists(other) => Some(Begun::Before {
                operation: None,
                namespace: other.namespace_id().map(str::to_owned),
            }),
            _ => None,
        })
    }

    async fn create_http(
        &self,
        cx: &Cx,
        identity: &Identity,
        tags: Tags,
    ) -> Result<Begun, Failure> {
        let answer = cx
            .servicediscovery
            .create_http_namespace()
            .name(&self.name)
            .creator_request_id(identity.client_token())
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .set_tags(Some(tags_to_sdk(tags)?))
            .send()
            .await
            .map(|answer| answer.operation_id);
        begun("servicediscovery CreateHttpNamespace", answer, |error| match error {
            CreateHttpNamespaceError::DuplicateRequest(other) => Some(Begun::Before {
                operation: other.duplicate_operation_id().map(str::to_owned),
                namespace: None,
            }),
            CreateHttpNamespaceError::NamespaceAlreadyExists(other) => Some(Begun::Before {
                operation: None,
                namespace: other.namespace_id().map(str::to_owned),
            }),
            _ => None,
        })
    }

    async fn update_private_dns(&self, cx: &Cx, id: &str) -> Result<Option<String>, Failure> {
        let properties = match self.soa_ttl {
            None => None,
            Some(ttl) => {
                let soa = built(SoaChange::builder().ttl(ttl).build())?;
                let mutable = PrivateDnsPropertiesMutableChange::builder().soa(soa).build();
                Some(PrivateDnsNamespacePropertiesChange::builder().dns_properties(mutable).build())
            }
        };
        let change = PrivateDnsNamespaceChange::builder()
            .description(&self.description)
            .set_properties(properties)
            .build();
        let answer = cx
            .servicediscovery
            .update_private_dns_namespace()
            .id(id)
            .namespace(change)
            .send()
            .await
            .map_err(|error| classify("servicediscovery UpdatePrivateDnsNamespace", error))?;
        Ok(answer.operation_id)
    }

    async fn update_public_dns(&self, cx: &Cx, id: &str) -> Result<Option<String>, Failure> {
        let properties = match self.soa_ttl {
            None => None,
            Some(ttl) => {
                let soa = built(SoaChange::builder().ttl(ttl).build())?;
                let mutable = PublicDnsPropertiesMutableChange::builder().soa(soa).build();
                Some(PublicDnsNamespacePropertiesChange::builder().dns_properties(mutable).build())
            }
        };
        let change = PublicDnsNamespaceChange::builder()
            .description(&self.description)
            .set_properties(properties)
            .build();
        let call = cx.servicediscovery.update_public_dns_namespace().id(id).namespace(change);
        let answer = call
            .send()
            .await
            .map_err(|error| classify("servicediscovery UpdatePublicDnsNamespace", error))?;
        Ok(answer.operation_id)
    }

    async fn update_http(&self, cx: &Cx, id: &str) -> Result<Option<String>, Failure> {
        let change = built(HttpNamespaceChange::builder().description(&self.description).build())?;
        let answer = cx
            .servicediscovery
            .update_http_namespace()
            .id(id)
            .namespace(change)
            .send()
            .await
            .map_err(|error| classify("servicediscovery UpdateHttpNamespace", error))?;
        Ok(answer.operation_id)
    }
}

/// Whether a namespace is there.
async fn look_at(cx: &Cx, id: &str) -> Result<Health, Failure> {
    let call = cx.servicediscovery.get_namespace().id(id).send().await;
    match call.map_err(|error| classify("servicediscovery GetNamespace", error)) {
        Ok(_) => Ok(Health::Ready),
        Err(failure) if failure.class == Class::Gone => Ok(Health::Gone),
        Err(failure) => Err(failure),
    }
}

fn live(from: &NamespaceSummary, identity: Identity, all: &Tags, own: Tags) -> Live<Namespace> {
    let id = from.id().unwrap_or_default();
    Live {
        spec: spec(from, all, own),
        outputs: NamespaceOutputs {
            id: id.into(),
            arn: from.arn().unwrap_or_default().into(),
            name: from.name().unwrap_or_default().to_owned(),
        },
        health: Health::Ready,
        id: id.to_owned(),
        identity,
    }
}

fn spec(from: &NamespaceSummary, all: &Tags, tags: Tags) -> Namespace {
    let http = from.r#type() == Some(&NamespaceType::Http);
    let soa = from
        .properties()
        .and_then(|properties| properties.dns_properties())
        .and_then(|dns| dns.soa())
        .map_or(Namespace::SOA_TTL, |soa| soa.ttl());
    Namespace {
        name: from.name().unwrap_or_default().to_owned(),
        vpc: all.get(VPC_TAG).map(|vpc| Input::Known(vpc.as_str().into())),
        public: from.r#type() == Some(&NamespaceType::DnsPublic),
        description: from.description().unwrap_or_default().to_owned(),
        soa_ttl: (!http).then_some(soa),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_gets_its_vpc_from_a_tag() {
        let live = NamespaceSummary::builder()
            .name("test.demo.local")
            .r#type(NamespaceType::DnsPrivate)
            .build();
        let tags = Tags::from([(VPC_TAG.to_owned(), "vpc-1".to_owned())]);
        assert_eq!(
            spec(&live, &tags, Tags::new()),
            Namespace::private_dns("test.demo.local", Input::Known("vpc-1".into()))
        );
    }

    #[test]
    fn a_public_namespace_has_a_zone_and_no_vpc() {
        let live = NamespaceSummary::builder()
            .name("demo.example.com")
            .r#type(NamespaceType::DnsPublic)
            .build();
        let expected = Namespace::public_dns("demo.example.com");
        assert_eq!(spec(&live, &Tags::new(), Tags::new()), expected);
    }

    #[test]
    fn an_http_namespace_has_neither_vpc_nor_zone() {
        let live = NamespaceSummary::builder().name("demo").r#type(NamespaceType::Http).build();
        assert_eq!(spec(&live, &Tags::new(), Tags::new()), Namespace::http("demo"));
    }
}
