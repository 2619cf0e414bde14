//! What preflight found: errors and warnings by resource, and one line for what could not be checked.

use super::plan::View;
use crate::engine::{Finding, Severity};
use crate::render::look::Tone;
use crate::render::terminal::style;

/// The section of a plan; empty where there is nothing to say.
pub fn findings(findings: &[Finding]) -> String {
    shown(findings, &View::here(false))
}

/// The same, laid out as asked.
pub(super) fn shown(findings: &[Finding], view: &View) -> String {
    let mut out = String::new();
    let (unchecked, found): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| finding.severity == Severity::Unchecked);
    if !found.is_empty() {
        out.push_str(&format!("\n{}\n", view.paint(style::strong(), "Findings")));
    }
    for finding in found {
        let (sign, tone, word) = match finding.severity {
            Severity::Error => ("✗", Tone::Bad, "error"),
            _ => ("!", Tone::Change, "warning"),
        };
        let about = finding.address.as_ref().map(|it| format!("{it}: ")).unwrap_or_default();
        let label = format!("{word}[{}]", finding.check);
        let line = format!("{label} {about}{}", finding.message);
        let text = view.wrapped(4, &line, |line| match line.strip_prefix(&label) {
            Some(rest) => format!("{}{rest}", view.tone(tone, &label)),
            None => line.to_owned(),
        });
        // The sign hangs out of the indent.
        out.push_str(&format!("  {} {}", view.tone(tone, sign), text.trim_start()));
        if !finding.why.is_empty() {
            out.push_str(&view.wrapped(6, &finding.why, str::to_owned));
        }
        if let Some(hint) = &finding.hint {
            out.push_str(&view.wrapped(6, &format!("hint: {hint}"), |line| {
                line.replacen("hint:", &view.paint(style::hint(), "hint:"), 1)
            }));
        }
    }
    if !unchecked.is_empty() {
        let list: Vec<String> =
            unchecked.iter().map(|it| format!("{} ({})", it.message, it.why)).collect();
        let line = format!("could not check: {}", list.join("; "));
        out.push('\n');
        out.push_str(&view.wrapped(0, &line, |line| view.paint(style::faint(), line)));
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
