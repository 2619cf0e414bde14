//! One call as its handler sees it: input, documents, ids, time, tags, pages and timers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::clock::{Millis, Speed};
use super::error::AwsError;
use super::faults::Faults;
use super::ids::Ids;
use super::params::Params;
use super::service::{Operation, Protocol, Service};
use super::store::{Table, Transaction};

/// Tags of every resource of every service, by ARN: the tagging API reads nothing else.
pub(super) const TAGS: Table = Table::regional("tags");
/// Timers by time: `{at}/{sequence}-{n}`, for all accounts.
pub(super) const TIMERS: &str = "timer";

/// One call. Whatever it writes becomes real together, and only if the handler succeeds and has
/// read all of its input.
#[derive(Debug)]
pub struct Call<'a> {
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-west-1`.
    pub region: String,
    /// The access key id that signed the call.
    pub access_key: String,
    /// The called service.
    pub service: &'static Service,
    /// The called operation.
    pub operation: &'static Operation,
    /// The host that the caller has reached: `127.0.0.1:4599`; empty in a timer's handler.
    pub host: String,
    /// What the caller sent.
    pub input: Params,
    /// The time of the call. In a timer's handler: the time for which it was set.
    pub now: Millis,
    /// What time it really is: later than `now` in the handler of a timer that nobody waited for.
    pub present: Millis,
    /// Makes ids.
    pub ids: Ids,
    pub(super) speed: Speed,
    pub(super) faults: Faults,
    pub(super) kubernetes: Option<super::KubernetesServer>,
    pub(super) transaction: Transaction<'a>,
    pub(super) timers: u32,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The token of the next page, unless this is the last.
    pub next: Option<String>,
}

impl Call<'_> {
    // Documents -------------------------------------------------------------------------------

    /// A document of this account (and region, unless the table is global).
    pub fn get(&self, table: Table, key: &str) -> Option<Arc<Value>> {
        self.transaction.get(table.name, &self.full_key(table, key))
    }

    /// Writes a document.
    pub fn put(&mut self, table: Table, key: &str, value: Value) {
        let key = self.full_key(table, key);
        self.transaction.put(table.name, key, value);
    }

    /// Changes a document; does nothing if it is not there.
    pub fn update(&mut self, table: Table, key: &str, change: impl FnOnce(&mut Value)) {
        if let Some(value) = self.get(table, key) {
            let mut value = Value::clone(&value);
            change(&mut value);
            self.put(table, key, value);
        }
    }

    /// Deletes a document; does nothing if it is not there.
    pub fn delete(&mut self, table: Table, key: &str) {
        let key = self.full_key(table, key);
        self.transaction.delete(table.name, key);
    }

    /// All documents of this account and region whose key starts with `prefix`, by key.
    pub fn scan(&self, table: Table, prefix: &str) -> Vec<(String, Arc<Value>)> {
        let scope = self.full_key(table, "");
        let rows = self.transaction.scan(table.name, &format!("{scope}{prefix}"));
        rows.into_iter().map(|(key, value)| (key[scope.len()..].to_owned(), value)).collect()
    }

    fn full_key(&self, table: Table, key: &str) -> String {
        let region = if table.global { "global" } else { &self.region };
        format!("{}/{region}/{key}", self.account)
    }

    // Time ------------------------------------------------------------------------------------

    /// When something begun now will be over that takes `duration` on AWS, at this account's speed.
    pub fn ready_at(&self, duration: Duration) -> Millis {
        let scaled = u64::try_from(self.speed.scale(duration).as_millis()).unwrap_or(u64::MAX);
        self.now.saturating_add(scaled)
    }

    /// A time as this protocol writes it: seconds since 1970 in JSON, ISO 8601 in XML.
    pub fn time(&self, at: Millis) -> Value {
        match self.service.protocol {
            Protocol::Json | Protocol::RestJson => json!(at as f64 / 1000.0),
            Protocol::Cbor => json!({ "$time": at }),
            Protocol::Query | Protocol::Ec2 | Protocol::RestXml | Protocol::S3 => {
                Value::from(iso8601(at))
            }
        }
    }

    /// Calls the service's `timer` with `payload` at that time (milliseconds since 1970), or right
    /// after this call if it has passed. Timers run in order of time, in a call of their own whose
    /// `now` is the time they were set for. Returns a name for [`Call::cancel`].
    pub fn schedule(&mut self, at: Millis, payload: Value) -> String {
        self.schedule_for(self.service, at, payload)
    }

    /// As [`Call::schedule`], for another service: functions that other services call must name
    /// their own.
    pub fn schedule_for(&mut self, service: &Service, at: Millis, payload: Value) -> String {
        self.timers += 1;
        let key = format!("{at:016}/{:012}-{:04}", self.ids.sequence(), self.timers);
        let timer = json!({
            "account": self.account,
            "region": self.region,
            "service": service.name,
            "payload": payload,
        });
        self.transaction.put(TIMERS, key.clone(), timer);
        key
    }

    /// Takes back a timer.
    pub fn cancel(&mut self, timer: &str) {
        self.transaction.delete(TIMERS, timer.to_owned());
    }

    // Names -----------------------------------------------------------------------------------

    /// `arn:aws:{service}:{region}:{account}:{resource}`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// `arn:aws:{service}::{account}:{resource}`, for services without regions (IAM).
    pub fn global_arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}::{}:{resource}", self.account)
    }

    // Tags ------------------------------------------------------------------------------------

    /// The tags of the resource with this ARN.
    pub fn tags(&self, arn: &str) -> BTreeMap<String, String> {
        let tags = self.get(TAGS, arn);
        let tags = tags.as_deref().and_then(Value::as_object);
        let entry =
            |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        tags.map(|tags| tags.iter().filter_map(entry).collect()).unwrap_or_default()
    }

    /// The tags of the resource with this ARN as a list of `{key: …, value: …}` with these names.
    pub fn tag_list(&self, arn: &str, key: &str, value: &str) -> Vec<Value> {
        self.tags(arn).into_iter().map(|(name, text)| json!({key: name, value: text})).collect()
    }

    /// Adds tags, replacing the values of those that are there. At most 50, none named `aws:…`.
    pub fn add_tags(&mut self, arn: &str, more: BTreeMap<String, String>) -> Result<(), AwsError> {
        if more.is_empty() {
            return Ok(());
        }
        if let Some(key) = more.keys().find(|key| key.to_lowercase().starts_with("aws:")) {
            return Err(self.input.invalid(format!(
                "Tag keys starting with 'aws:' are reserved for internal use: {key}"
            )));
        }
        if let Some(key) = more.keys().find(|key| key.is_empty() || key.chars().count() > 128) {
            return Err(self
                .input
                .invalid(format!("Tag key '{key}' must be 1 to 128 characters long")));
        }
        if more.values().any(|value| value.chars().count() > 256) {
            return Err(self
                .input
                .invalid("Tag value exceeds the maximum length of 256 characters"));
        }
        let mut tags = self.tags(arn);
        tags.extend(more);
        if tags.len() > 50 {
            let code = match self.service.protocol {
                Protocol::Ec2 => "TagLimitExceeded",
                _ => self.service.invalid,
            };
            return Err(AwsError::new(code, format!("more than 50 tags on {arn}")));
        }
        self.put(TAGS, arn, json!(tags));
        Ok(())
    }

    /// Removes tags by key. What has lost its last tag stays known to the tagging API, as on AWS.
    pub fn remove_tags(&mut self, arn: &str, keys: &[String]) {
        let mut tags = self.tags(arn);
        tags.retain(|key, _| !keys.contains(key));
        if self.get(TAGS, arn).is_some() {
            self.put(TAGS, arn, json!(tags));
        }
    }

    /// Removes all tags: to be called when the resource is deleted.
    pub fn forget_tags(&mut self, arn: &str) {
        self.delete(TAGS, arn);
    }

    /// Every tagged ARN of this account and region that starts with `prefix`, with its tags.
    pub fn tagged(&self, prefix: &str) -> Vec<(String, Arc<Value>)> {
        self.scan(TAGS, prefix)
    }

    // Pages -----------------------------------------------------------------------------------

    /// Cuts one page of at most `size` out of a list. `key` names an item, so that a list that has
    /// changed between two pages goes on behind the item where the last page ended. A token that
    /// this operation did not make is refused with the service's error.
    pub fn page<T>(
        &self,
        items: Vec<T>,
        size: usize,
        token: Option<&str>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, AwsError> {
        let from = match token {
            None | Some("") => 0,
            Some(token) => {
                let (at, last) = self.read_token(token).ok_or_else(|| {
                    AwsError::new(self.service.invalid_token, "The specified token is not valid.")
                })?;
                items.iter().position(|item| key(item) == last).map_or(at, |found| found + 1)
            }
        };
        let mut next = None;
        if items.len() > from.saturating_add(size)
            && let Some(last) = items.get(from + size.max(1) - 1)
        {
            let text = format!("{}\n{}\n{}", self.operation.name, from + size, key(last));
            next = Some(URL_SAFE_NO_PAD.encode(text));
        }
        Ok(Page { items: items.into_iter().skip(from).take(size).collect(), next })
    }

    fn read_token(&self, token: &str) -> Option<(usize, String)> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.splitn(3, '\n');
        if parts.next()? != self.operation.name {
            return None;
        }
        Some((parts.next()?.parse().ok()?, parts.next()?.to_owned()))
    }

    // Faults ----------------------------------------------------------------------------------

    /// The script of faults, for handlers that play roll-outs.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

/// `2026-11-21T04:00:00.123Z`.
pub fn iso8601(at: Millis) -> String {
    const FORM: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let nanoseconds = i128::from(at) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|time| time.format(FORM).ok())
        .unwrap_or_default()
}
