//! Which requests a rule is for.

use aws_sdk_vpclattice::types as sdk;
use serde::{Deserialize, Serialize};

use super::shared::built;
use crate::engine::Failure;

/// Which requests a rule is for: all of what is said must hold, and something must be said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HttpMatch {
    /// Such as `GET`.
    pub method: Option<String>,
    /// The path.
    pub path: Option<PathMatch>,
    /// At most 5 headers.
    pub headers: Vec<HeaderMatch>,
}

/// How a path must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathMatch {
    /// Exact, or how it begins.
    pub value: TextMatch,
    /// Capitals count.
    pub case_sensitive: bool,
}

/// How a header must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeaderMatch {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: TextMatch,
    /// Capitals count.
    pub case_sensitive: bool,
}

/// How a text must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextMatch {
    /// This very text.
    Exact(String),
    /// It begins so.
    Prefix(String),
    /// It contains this; for headers.
    Contains(String),
}

impl HttpMatch {
    pub(super) fn to_sdk(&self) -> Result<sdk::RuleMatch, Failure> {
        let path = self.path.as_ref().map(|path| {
            let value = match &path.value {
                TextMatch::Exact(text) => sdk::PathMatchType::Exact(text.clone()),
                TextMatch::Prefix(text) | TextMatch::Contains(text) => {
                    sdk::PathMatchType::Prefix(text.clone())
                }
            };
            sdk::PathMatch::builder().r#match(value).case_sensitive(path.case_sensitive).build()
        });
        let header = |header: &HeaderMatch| {
            let value = match &header.value {
                TextMatch::Exact(text) => sdk::HeaderMatchType::Exact(text.clone()),
                TextMatch::Prefix(text) => sdk::HeaderMatchType::Prefix(text.clone()),
                TextMatch::Contains(text) => sdk::HeaderMatchType::Contains(text.clone()),
            };
            built(
                sdk::HeaderMatch::builder()
                    .name(&header.name)
                    .r#match(value)
                    .case_sensitive(header.case_sensitive)
                    .build(),
            )
        };
        let headers: Vec<_> = self.headers.iter().map(header).collect::<Result<_, _>>()?;
        let http = sdk::HttpMatch::builder()
            .set_method(self.method.clone())
            .set_path_match(path)
            .set_header_matches(Some(headers).filter(|headers| !headers.is_empty()));
        Ok(sdk::RuleMatch::HttpMatch(http.build()))
    }

    pub(super) fn from_sdk(from: Option<&sdk::RuleMatch>) -> Self {
        let Some(sdk::RuleMatch::HttpMatch(http)) = from else { return Self::default() };
        let path = http.path_match().and_then(|path| {
            let value = match path.r#match() {
                Some(sdk::PathMatchType::Exact(text)) => TextMatch::Exact(text.clone()),
                Some(sdk::PathMatchType::Prefix(text)) => TextMatch::Prefix(text.clone()),
                _ => return None,
            };
            Some(PathMatch { value, case_sensitive: path.case_sensitive().unwrap_or(true) })
        });
        let header = |header: &sdk::HeaderMatch| {
            let value = match header.r#match() {
                Some(sdk::HeaderMatchType::Exact(text)) => TextMatch::Exact(text.clone()),
                Some(sdk::HeaderMatchType::Prefix(text)) => TextMatch::Prefix(text.clone()),
                Some(sdk::HeaderMatchType::Contains(text)) => TextMatch::Contains(text.clone()),
                _ => return None,
            };
            Some(HeaderMatch {
                name: header.name().to_owned(),
                value,
                case_sensitive: header.case_sensitive().unwrap_or(false),
            })
        };
        Self {
            method: http.method().filter(|method| !method.is_empty()).map(str::to_owned),
            path,
            headers: http.header_matches().iter().filter_map(header).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let wanted = HttpMatch {
            method: Some("GET".to_owned()),
            path: Some(PathMatch {
                value: TextMatch::Prefix("/v2".to_owned()),
                case_sensitive: true,
            }),
            headers: vec![HeaderMatch {
                name: "x-beta".to_owned(),
                value: TextMatch::Contains("yes".to_owned()),
                case_sensitive: false,
            }],
        };
        assert_eq!(HttpMatch::from_sdk(Some(&wanted.to_sdk().unwrap())), wanted);
        assert_eq!(HttpMatch::from_sdk(None), HttpMatch::default());
    }
}
