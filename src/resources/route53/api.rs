//! Calls about records that the kinds share: batches of changes, and reading back.

use aws_sdk_route53::types::{
    AliasTarget as SdkAlias, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet,
    RrType,
};

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// One record set with plain values or an alias, as the kinds write it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::resources) struct RecordSet {
    /// Without a dot at the end, `*` spelt out.
    pub(in crate::resources) name: String,
    pub(in crate::resources) kind: String,
    pub(in crate::resources) ttl: Option<i64>,
    pub(in crate::resources) values: Vec<String>,
    /// DNS name, its zone, and whether its health counts.
    pub(in crate::resources) alias: Option<(String, String, bool)>,
    /// It is one of several of its name that are chosen among: never one of ours.
    pub(in crate::resources) routed: bool,
}

impl RecordSet {
    pub(in crate::resources) fn values(
        name: &str,
        kind: &str,
        ttl: i64,
        values: Vec<String>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ttl: Some(ttl),
            values,
            alias: None,
            routed: false,
        }
    }

    fn to_sdk(&self) -> Result<ResourceRecordSet, Failure> {
        let broken = |error: aws_smithy_types::error::operation::BuildError| {
            Failure::internal(error.to_string())
        };
        let mut set = ResourceRecordSet::builder()
            .name(&self.name)
            .r#type(RrType::from(self.kind.as_str()))
            .set_ttl(self.ttl);
        for value in &self.values {
            set = set
                .resource_records(ResourceRecord::builder().value(value).build().map_err(broken)?);
        }
        if let Some((name, zone, health)) = &self.alias {
            let alias = SdkAlias::builder()
                .dns_name(name)
                .hosted_zone_id(zone)
                .evaluate_target_health(*health)
                .build();
            set = set.alias_target(alias.map_err(broken)?);
        }
        set.build().map_err(broken)
    }

    fn from_sdk(set: &ResourceRecordSet) -> Self {
        Self {
            name: plain(set.name()),
            kind: set.r#type().as_str().to_owned(),
            ttl: set.ttl(),
            values: set.resource_records().iter().map(|one| one.value().to_owned()).collect(),
            alias: set.alias_target().map(|alias| {
                let name = alias.dns_name().trim_end_matches('.').to_owned();
                (name, alias.hosted_zone_id().to_owned(), alias.evaluate_target_health())
            }),
            routed: set.set_identifier().is_some(),
        }
    }
}

/// `\052.example.com.` to `*.example.com`.
pub(in crate::resources) fn plain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*")
}

/// What becomes of a record set.
#[derive(Clone, Copy, Debug)]
pub(in crate::resources) enum Verb {
    /// Fails where there is one.
    Create,
    /// Fails where there is none, or another.
    Delete,
    /// Makes it so.
    Upsert,
}

/// Changes several record sets, all or none; returns the id to ask for when the change is everywhere.
pub(in crate::resources) async fn change(
    cx: &Cx,
    zone: &str,
    changes: &[(Verb, &RecordSet)],
) -> Result<String, Failure> {
    let broken = |error: aws_smithy_types::error::operation::BuildError| {
        Failure::internal(error.to_string())
    };
    let mut batch = ChangeBatch::builder();
    for (verb, set) in changes {
        let action = match verb {
            Verb::Create => ChangeAction::Create,
            Verb::Delete => ChangeAction::Delete,
            Verb::Upsert => ChangeAction::Upsert,
        };
        let change = Change::builder().action(action).resource_record_set(set.to_sdk()?).build();
        batch = batch.changes(change.map_err(broken)?);
    }
    let answer = cx
        .route53
        .change_resource_record_sets()
        .hosted_zone_id(zone)
        .change_batch(batch.build().map_err(broken)?)
        .send()
        .await
        .map_err(|error| classify("route53 ChangeResourceRecordSets", error))?;
    Ok(answer.change_info().map(|info| info.id().to_owned()).unwrap_or_default())
}

/// All record sets of a zone; none where the zone is gone.
pub(in crate::resources) async fn list(cx: &Cx, zone: &str) -> Result<Vec<RecordSet>, Failure> {
    let mut found = Vec::new();
    let mut next: Option<(String, RrType, Option<String>)> = None;
    loop {
        let mut call = cx.route53.list_resource_record_sets().hosted_zone_id(zone).max_items(300);
        if let Some((name, kind, identifier)) = next {
            call = call
                .start_record_name(name)
                .start_record_type(kind)
                .set_start_record_identifier(identifier);
        }
        let sent = call.send().await;
        let answer =
            unless_gone(sent.map_err(|error| classify("route53 ListResourceRecordSets", error)))?;
        let Some(answer) = answer else { return Ok(found) };
        found.extend(answer.resource_record_sets().iter().map(RecordSet::from_sdk));
        next = match (answer.is_truncated(), answer.next_record_name(), answer.next_record_type()) {
            (true, Some(name), Some(kind)) => Some((
                name.to_owned(),
                kind.clone(),
                answer.next_record_identifier().map(str::to_owned),
            )),
            _ => return Ok(found),
        };
    }
}

/// One record set; `None` where there is none.
pub(in crate::resources) async fn find(
    cx: &Cx,
    zone: &str,
    name: &str,
    kind: &str,
) -> Result<Option<RecordSet>, Failure> {
    let sent = cx
        .route53
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(name)
        .start_record_type(RrType::from(kind))
        .max_items(1)
        .send()
        .await;
    let answer =
        unless_gone(sent.map_err(|error| classify("route53 ListResourceRecordSets", error)))?;
    let first = answer.as_ref().and_then(|answer| answer.resource_record_sets().first());
    Ok(first.map(RecordSet::from_sdk).filter(|set| set.name == name && set.kind == kind))
}
