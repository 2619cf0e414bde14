//! What preflight found: errors and warnings by resource, and one line for what could not be checked.

use std::fmt::Write;

use crate::engine::{Finding, Severity};
use crate::render::terminal::style;

/// The section of a plan; empty where there is nothing to say.
pub fn findings(findings: &[Finding]) -> String {
    let mut out = String::new();
    let (unchecked, found): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| finding.severity == Severity::Unchecked);
    if !found.is_empty() {
        let _ = writeln!(out, "\n{}", style::strong().apply_to("Findings"));
    }
    for finding in found {
        let (sign, colour, word) = match finding.severity {
            Severity::Error => ("✗", style::bad(), "error"),
            _ => ("!", style::change(), "warning"),
        };
        let about = finding.address.as_ref().map(|it| format!("{it}: ")).unwrap_or_default();
        let _ = writeln!(
            out,
            "  {} {} {about}{}",
            colour.apply_to(sign),
            colour.apply_to(format!("{word}[{}]", finding.check)),
            finding.message,
        );
        if !finding.why.is_empty() {
            let _ = writeln!(out, "      {}", finding.why);
        }
        if let Some(hint) = &finding.hint {
            let _ = writeln!(out, "      {} {hint}", style::hint().apply_to("hint:"));
        }
    }
    if !unchecked.is_empty() {
        let list: Vec<String> =
            unchecked.iter().map(|it| format!("{} ({})", it.message, it.why)).collect();
        let line = format!("could not check: {}", list.join("; "));
        let _ = writeln!(out, "\n{}", style::faint().apply_to(line));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Address;

    fn finding(severity: Severity, check: &str, message: &str, why: &str) -> Finding {
        let hint = (severity == Severity::Error).then(|| "do this".to_owned());
        let address = (severity != Severity::Unchecked).then(|| Address::new("ecs/service", "api"));
        Finding {
            severity,
            check: check.to_owned(),
            address,
            message: message.to_owned(),
            why: why.to_owned(),
            hint,
        }
    }

    #[test]
    fn what_could_not_be_checked_is_one_line() {
        let list = [
            finding(Severity::Error, "route", "tasks cannot reach the internet", "no route"),
            finding(Severity::Warning, "quota", "it is tight", ""),
            finding(Severity::Unchecked, "image", "images", "no network"),
            finding(Severity::Unchecked, "quota", "quotas", "access denied"),
        ];
        insta::assert_snapshot!(findings(&list), @r"

        Findings
          ✗ error[route] ecs/service.api: tasks cannot reach the internet
              no route
              hint: do this
          ! warning[quota] ecs/service.api: it is tight

        could not check: images (no network); quotas (access denied)
        ");
        assert_eq!(findings(&[]), "");
    }
}
