//! Where checks put what they find.

use std::sync::{Mutex, PoisonError};

use crate::engine::{Address, Class, Failure, Finding, Severity};

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Mutex<Vec<Finding>>,
}

impl Report {
    /// Applying would surely fail.
    pub(super) fn error(&self, check: &str, address: &Address, message: String, hint: String) {
        self.resource(Severity::Error, check, address, message, hint);
    }

    /// It looks wrong.
    pub(super) fn warning(&self, check: &str, address: &Address, message: String, hint: String) {
        self.resource(Severity::Warning, check, address, message, hint);
    }

    /// A finding about a resource. In `message` the part behind `: ` says why.
    pub(super) fn resource(
        &self,
        severity: Severity,
        check: &str,
        address: &Address,
        message: String,
        hint: String,
    ) {
        let (message, why) = match message.split_once(": ") {
            Some((message, why)) => (message.to_owned(), why.to_owned()),
            None => (message, String::new()),
        };
        self.add(Finding {
            severity,
            check: check.to_owned(),
            address: Some(address.clone()),
            message,
            why,
            hint: Some(hint).filter(|hint| !hint.is_empty()),
        });
    }

    /// `what` (a plural: `certificates`) could not be checked.
    pub(super) fn unchecked(&self, check: &str, what: &str, why: impl Into<String>) {
        self.add(Finding {
            severity: Severity::Unchecked,
            check: check.to_owned(),
            address: None,
            message: what.to_owned(),
            why: why.into(),
            hint: None,
        });
    }

    /// `what` could not be checked, as AWS did not answer what was asked.
    pub(super) fn failed(&self, check: &str, what: &str, failure: &Failure) {
        self.unchecked(check, what, reason(failure));
    }

    fn add(&self, finding: Finding) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).push(finding);
    }

    /// All findings, worst first, each once.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        let mut findings = self.findings.into_inner().unwrap_or_else(PoisonError::into_inner);
        findings.sort();
        findings.dedup();
        findings
    }
}

/// A failure in few words: the reader wants to know whether a permission or the endpoint lacks.
fn reason(failure: &Failure) -> String {
    match failure.class {
        Class::Denied => {
            let action = failure.operation.as_deref().unwrap_or_default().replacen(' ', ":", 1);
            format!("access denied to {action}")
        }
        Class::NotServed => "the endpoint does not serve it".to_owned(),
        Class::Unreachable => "it cannot be reached".to_owned(),
        Class::Throttled => "AWS throttles it".to_owned(),
        _ => failure.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_listed_once_and_the_worst_come_first() {
        let report = Report::default();
        let address = Address::new("ecs/service", "api");
        report.unchecked("quota", "quotas", "x");
        report.warning("b", &address, "looks odd".into(), String::new());
        report.error("c", &address, "is wrong: because".into(), "do this".into());
        report.unchecked("quota", "quotas", "x");
        let denied = Failure {
            operation: Some("acm DescribeCertificate".into()),
            ..Failure::new(Class::Denied, "no")
        };
        report.failed("certificate", "certificates", &denied);
        let lines: Vec<String> = report
            .into_findings()
            .into_iter()
            .map(|it| format!("{:?} {} | {} | {:?}", it.severity, it.message, it.why, it.hint))
            .collect();
        assert_eq!(
            lines,
            [
                "Error is wrong | because | Some(\"do this\")",
                "Warning looks odd |  | None",
                "Unchecked certificates | access denied to acm:DescribeCertificate | None",
                "Unchecked quotas | x | None",
            ]
        );
    }
}
