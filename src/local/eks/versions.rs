//! The versions of Kubernetes that EKS has, with the dates of their support: the one table of them.

use serde_json::{Value, json};

use super::{invalid, rows};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::error::AwsError;

/// A version, and until when it is supported: days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    /// Such as 34, of 1.34.
    pub(super) minor: u32,
    /// The patch that runs.
    pub(super) patch: u32,
    /// EKS's own number of it.
    pub(super) platform: u32,
    released: u64,
    standard: u64,
    extended: u64,
}

/// What a cluster gets that names none.
const DEFAULT: u32 = 35;

/// Days since 1970 of a date.
const fn day(year: u64, month: u64, date: u64) -> u64 {
    // Years begin with March, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + date - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

const fn row(minor: u32, patch: u32, platform: u32, days: [u64; 3]) -> Version {
    let [released, standard, extended] = days;
    Version { minor, patch, platform, released, standard, extended }
}

/// From the newest to the oldest.
#[rustfmt::skip]
const VERSIONS: &[Version] = &[
    row(36, 1, 4, [day(2026, 6, 2), day(2027, 8, 2), day(2028, 8, 2)]),
    row(35, 4, 9, [day(2026, 1, 27), day(2027, 3, 27), day(2028, 3, 27)]),
    row(34, 7, 16, [day(2025, 10, 2), day(2026, 12, 2), day(2027, 12, 2)]),
    row(33, 11, 25, [day(2025, 5, 28), day(2026, 7, 29), day(2027, 7, 29)]),
    row(32, 13, 32, [day(2025, 1, 23), day(2026, 3, 23), day(2027, 3, 23)]),
    row(31, 14, 44, [day(2024, 9, 26), day(2025, 11, 26), day(2026, 11, 26)]),
    row(30, 14, 50, [day(2024, 5, 23), day(2025, 7, 23), day(2026, 7, 23)]),
];

/// How a version is supported at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Support {
    Standard,
    Extended,
    None,
}

impl Version {
    /// `1.34`.
    pub(super) fn text(self) -> String {
        format!("1.{}", self.minor)
    }

    /// `1.34.7`.
    pub(super) fn whole(self) -> String {
        format!("1.{}.{}", self.minor, self.patch)
    }

    pub(super) fn support(self, now: Millis) -> Support {
        let today = now / 86_400_000;
        match self {
            _ if today < self.standard => Support::Standard,
            _ if today < self.extended => Support::Extended,
            _ => Support::None,
        }
    }
}

/// The version with this text, whether it is still supported or not.
pub(super) fn find(text: &str) -> Option<Version> {
    VERSIONS.iter().copied().find(|version| version.text() == text)
}

/// The version of a new cluster.
pub(super) fn default() -> Version {
    let found = VERSIONS.iter().copied().find(|version| version.minor == DEFAULT);
    found.unwrap_or(VERSIONS[0])
}

/// A version that clusters can be made with now.
pub(super) fn supported(call: &Call<'_>, text: &str) -> Result<Version, AwsError> {
    let found = find(text).filter(|version| version.support(call.now) != Support::None);
    found.ok_or_else(|| invalid("unsupported Kubernetes version"))
}

/// All that are supported now.
pub(super) fn all(call: &Call<'_>) -> Vec<Version> {
    let mut all = VERSIONS.to_vec();
    all.retain(|version| version.support(call.now) != Support::None);
    all
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    if let Some(kind) = input.optional_text("clusterType")?
        && kind != "eks"
    {
        return Err(AwsError::not_modelled(format!("local AWS has no clusters of type {kind}")));
    }
    let wanted = input.texts("clusterVersions")?;
    let everything = input.optional_boolean("includeAll")?.unwrap_or(false);
    let only_default = input.optional_boolean("defaultOnly")?.unwrap_or(false);
    let lower = ["unsupported", "standard-support", "extended-support"];
    let upper = ["UNSUPPORTED", "STANDARD_SUPPORT", "EXTENDED_SUPPORT"];
    let of_lower = input.optional_one_of("status", &lower)?;
    let of_upper = input.optional_one_of("versionStatus", &upper)?;
    let place = |version: Version| match version.support(call.now) {
        Support::None => 0,
        Support::Standard => 1,
        Support::Extended => 2,
    };
    let mut found = VERSIONS.to_vec();
    found.retain(|version| {
        let at = place(*version);
        let asked = everything || of_lower.is_some() || of_upper.is_some() || !wanted.is_empty();
        (asked || at != 0)
            && (wanted.is_empty() || wanted.contains(&version.text()))
            && (!only_default || version.minor == DEFAULT)
            && of_lower.as_deref().is_none_or(|text| text == lower[at])
            && of_upper.as_deref().is_none_or(|text| text == upper[at])
    });
    let shown = found.into_iter().map(|version| {
        let at = place(version);
        let day = |days: u64| call.time(days * 86_400_000);
        json!({
            "clusterVersion": version.text(),
            "clusterType": "eks",
            "defaultPlatformVersion": format!("eks.{}", version.platform),
            "defaultVersion": version.minor == DEFAULT,
            "releaseDate": day(version.released),
            "endOfStandardSupportDate": day(version.standard),
            "endOfExtendedSupportDate": day(version.extended),
            "status": lower[at],
            "versionStatus": upper[at],
            "kubernetesPatchVersion": version.whole(),
        })
    });
    rows(call, "clusterVersions", shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days() {
        assert_eq!((day(1970, 1, 1), day(2000, 3, 1), day(2026, 11, 26)), (0, 11_017, 20_783));
    }

    #[test]
    fn support_ends() {
        let version = find("1.31").unwrap();
        let at = |year, month, date| version.support(day(year, month, date) * 86_400_000);
        assert_eq!(at(2025, 11, 25), Support::Standard);
        assert_eq!(at(2025, 11, 26), Support::Extended);
        assert_eq!(at(2026, 11, 26), Support::None);
        assert_eq!(default().text(), "1.35");
    }
}
