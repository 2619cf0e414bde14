//! Certificates of listeners: there, issued, not about to end, and for the host names of the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;

use super::{Report, Subject};
use crate::aws::facts::certificates::{Certificate, certificate};
use crate::engine::{Address, Input};
use crate::resources::elbv2::{Listener, ListenerRule};

const CHECK: &str = "certificate";
/// A certificate that nobody renews and that ends within so many days is worth a word.
const SOON: i64 = 30;
const DAY: i64 = 86_400;

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let listeners = subject.changed::<Listener>();
    // A new rule's host names must be covered, though its listener does not change.
    let rules = subject.changed::<ListenerRule>();
    let by_rule = rules.iter().filter_map(|(_, rule)| match &rule.listener {
        Input::Output(from) if !rule.conditions.host_headers.is_empty() => Some(&from.address),
        _ => None,
    });
    let mut looked_at: BTreeMap<Address, Listener> = listeners.into_iter().collect();
    for address in by_rule {
        if let Some(listener) = subject.wanted(address) {
            looked_at.insert(address.clone(), listener);
        }
    }
    looked_at.retain(|_, listener| listener.certificate.is_some());
    let all: BTreeSet<&str> = looked_at.values().flat_map(arns).collect();
    let found: BTreeMap<&str, Option<Certificate>> =
        join_all(all.iter().map(|arn| look(subject, report, arn)))
            .await
            .into_iter()
            .flatten()
            .collect();
    for (address, listener) in &looked_at {
        for arn in arns(listener) {
            match found.get(arn) {
                Some(None) => {
                    let (why, hint) = missing(arn, &subject.cx.region, &subject.cx.account);
                    let message = format!("certificate {arn} {why}");
                    report.resource(subject.missing(), CHECK, address, message, hint);
                }
                Some(Some(certificate)) => judge(report, address, arn, certificate, now()),
                None => {}
            }
        }
        hosts(subject, report, address, listener, &found);
    }
}

/// Why a certificate is of no use here, and what to do.
fn missing(arn: &str, region: &str, account: &str) -> (String, String) {
    let parts: Vec<&str> = arn.split(':').collect();
    let (its_region, owner) = (parts.get(3).copied(), parts.get(4).copied());
    match (its_region, owner) {
        (Some(other), _) if other != region => (
            format!("is of region {other}: a load balancer in {region} takes certificates of {region} alone"),
            format!("request it there, too: `aws acm request-certificate --region {region} --validation-method DNS --domain-name NAME`"),
        ),
        (_, Some(other)) if other != account => (
            format!("is of account {other}: a load balancer takes certificates of its own account, {account}, alone"),
            "request one in this account with `aws acm request-certificate`".to_owned(),
        ),
        _ => (
            format!("is not there: Certificate Manager has none of that ARN in {region}"),
            "`aws acm list-certificates` prints those that are; correct `certificates` in the environment's manifest".to_owned(),
        ),
    }
}

fn arns(listener: &Listener) -> impl Iterator<Item = &str> {
    // What the plan itself makes is proved as it is applied.
    let default = listener.certificate.iter().filter_map(|arn| match arn {
        Input::Known(arn) => Some(arn.as_str()),
        Input::Output(_) => None,
    });
    default.chain(listener.additional_certificates.iter().map(String::as_str))
}

/// `None` where it could not be asked.
async fn look<'a>(
    subject: &Subject<'_>,
    report: &Report,
    arn: &'a str,
) -> Option<(&'a str, Option<Certificate>)> {
    let parts: Vec<&str> = arn.split(':').collect();
    if parts.get(2) != Some(&"acm") {
        report.unchecked(
            CHECK,
            "certificates of IAM",
            "only those of Certificate Manager are read",
        );
        return None;
    }
    // One of another region or account is of no use to a load balancer here.
    if parts.get(3) != Some(&subject.cx.region.as_str())
        || parts.get(4) != Some(&subject.cx.account.as_str())
    {
        return Some((arn, None));
    }
    match certificate(subject.cx, arn).await {
        Ok(found) => Some((arn, found)),
        Err(failure) => {
            report.failed(CHECK, "certificates", &failure);
            None
        }
    }
}

fn judge(report: &Report, address: &Address, arn: &str, certificate: &Certificate, now: i64) {
    if certificate.status != "ISSUED" {
        let hint = match certificate.status.as_str() {
            "PENDING_VALIDATION" => {
                "make the DNS records that `aws acm describe-certificate` shows, and wait until it is issued"
            }
            _ => "request a new one with `aws acm request-certificate`",
        };
        return report.error(
            CHECK,
            address,
            format!("certificate {arn} cannot be used: its status is {}", certificate.status),
            hint.to_owned(),
        );
    }
    let Some(left) = certificate.ends.map(|ends| (ends - now).div_euclid(DAY)) else { return };
    if left < SOON && !certificate.renewed {
        report.warning(
            CHECK,
            address,
            format!(
                "certificate {arn} ends in {} days: it was imported, so AWS does not renew it",
                left.max(0)
            ),
            "import its successor with `aws acm import-certificate`".to_owned(),
        );
    }
}

/// Host names of the listener's rules that none of its certificates is for.
fn hosts(
    subject: &Subject<'_>,
    report: &Report,
    address: &Address,
    listener: &Listener,
    found: &BTreeMap<&str, Option<Certificate>>,
) {
    // One that the plan makes has the names that it is made for.
    if matches!(listener.certificate, Some(Input::Output(_))) {
        return;
    }
    let certificates: Vec<&Certificate> =
        arns(listener).filter_map(|arn| found.get(arn)?.as_ref()).collect();
    // One that could not be read may be the one that fits.
    if certificates.len() < arns(listener).count() {
        return;
    }
    for (rule_address, rule) in subject.all::<ListenerRule>() {
        if !matches!(&rule.listener, Input::Output(from) if from.address == *address) {
            continue;
        }
        for host in &rule.conditions.host_headers {
            let names = certificates.iter().flat_map(|certificate| &certificate.names);
            if !names.clone().any(|name| covers(name, host)) {
                let list: Vec<&str> = names.map(String::as_str).collect();
                report.warning(
                    CHECK,
                    &rule_address,
                    format!(
                        "no certificate of {address} is for `{host}`: they are for {}",
                        list.join(", ")
                    ),
                    "browsers will refuse the connection: add a certificate for it to `certificates` in the environment's manifest".to_owned(),
                );
            }
        }
    }
}

/// Whether a certificate's name, maybe with a wildcard for one label, is for this host.
fn covers(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    match name.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(_, parent)| parent == rest),
        None => name == host,
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_of_elsewhere_says_of_where() {
        let why = |arn: &str| missing(arn, "eu-west-1", "123456789012").0;
        assert_eq!(
            [
                why("arn:aws:acm:us-east-1:123456789012:certificate/a"),
                why("arn:aws:acm:eu-west-1:210987654321:certificate/a"),
                why("arn:aws:acm:eu-west-1:123456789012:certificate/a"),
            ],
            [
                "is of region us-east-1: a load balancer in eu-west-1 takes certificates of eu-west-1 alone",
                "is of account 210987654321: a load balancer takes certificates of its own account, 123456789012, alone",
                "is not there: Certificate Manager has none of that ARN in eu-west-1",
            ]
        );
    }

    #[test]
    fn wildcards_stand_for_one_label() {
        for (name, host, covered) in [
            ("shop.example.com", "Shop.example.com", true),
            ("*.example.com", "shop.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("example.com", "shop.example.com", false),
        ] {
            assert_eq!(covers(name, host), covered, "{name} {host}");
        }
    }

    fn lines(certificate: &Certificate) -> Vec<String> {
        let report = Report::default();
        judge(&report, &Address::new("elbv2/listener", "public-https"), "ARN", certificate, 0);
        let line =
            |it: crate::engine::Finding| format!("{:?} {}: {}", it.severity, it.message, it.why);
        report.into_findings().into_iter().map(line).collect()
    }

    #[test]
    fn only_an_issued_certificate_that_lasts_is_good() {
        let good = Certificate {
            status: "ISSUED".into(),
            names: vec!["example.com".into()],
            ends: Some(10 * DAY),
            renewed: true,
        };
        assert_eq!(lines(&good), Vec::<String>::new());
        assert_eq!(
            lines(&Certificate { renewed: false, ..good.clone() }),
            ["Warning certificate ARN ends in 10 days: it was imported, so AWS does not renew it"]
        );
        assert_eq!(
            lines(&Certificate { status: "PENDING_VALIDATION".into(), ..good }),
            ["Error certificate ARN cannot be used: its status is PENDING_VALIDATION"]
        );
    }
}
