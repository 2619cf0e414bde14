//! Which requests a rule takes.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig,
    PathPatternConditionConfig, QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition,
    SourceIpConditionConfig,
};
use serde::{Deserialize, Serialize};

/// Which requests a rule takes: those that match every part that is not empty. A part matches
/// when one of its values does. AWS allows five values in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Path patterns: `*` and `?` stand for any characters and any one; case matters.
    pub path_patterns: Vec<String>,
    /// Regular expressions of paths.
    pub path_regexes: Vec<String>,
    /// Host patterns, with `*` and `?`; case does not matter.
    pub host_headers: Vec<String>,
    /// Regular expressions of hosts.
    pub host_regexes: Vec<String>,
    /// Headers; each must match.
    pub headers: Vec<HeaderCondition>,
    /// Methods, in capitals.
    pub methods: Vec<String>,
    /// Parts of the query; each must match.
    pub queries: Vec<QueryCondition>,
    /// Blocks of client addresses: `192.0.2.0/24`.
    pub source_ips: Vec<String>,
}

/// A header with one of some values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderCondition {
    /// The header's name; case does not matter.
    pub name: String,
    /// Patterns of its value.
    pub values: Vec<String>,
    /// Regular expressions of its value.
    pub regexes: Vec<String>,
}

/// One of some pairs in the query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryCondition {
    /// The pairs.
    pub pairs: Vec<QueryPair>,
}

/// A key and its value in the query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryPair {
    /// `None`: any key.
    pub key: Option<String>,
    /// A pattern of the value.
    pub value: String,
}

fn some(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}

impl Conditions {
    /// The SDK's form.
    pub(super) fn to_sdk(&self) -> Vec<RuleCondition> {
        let mut conditions = Vec::new();
        let mut add = |field: &str, fill: &dyn Fn(Builder) -> Builder| {
            conditions.push(fill(RuleCondition::builder().field(field)).build());
        };
        if !self.path_patterns.is_empty() || !self.path_regexes.is_empty() {
            let config = PathPatternConditionConfig::builder()
                .set_values(some(&self.path_patterns))
                .set_regex_values(some(&self.path_regexes))
                .build();
            add("path-pattern", &|condition| condition.path_pattern_config(config.clone()));
        }
        if !self.host_headers.is_empty() || !self.host_regexes.is_empty() {
            let config = HostHeaderConditionConfig::builder()
                .set_values(some(&self.host_headers))
                .set_regex_values(some(&self.host_regexes))
                .build();
            add("host-header", &|condition| condition.host_header_config(config.clone()));
        }
        for header in &self.headers {
            let config = HttpHeaderConditionConfig::builder()
                .http_header_name(&header.name)
                .set_values(some(&header.values))
                .set_regex_values(some(&header.regexes))
                .build();
            add("http-header", &|condition| condition.http_header_config(config.clone()));
        }
        if !self.methods.is_empty() {
            let config =
                HttpRequestMethodConditionConfig::builder().set_values(some(&self.methods)).build();
            add("http-request-method", &|condition| {
                condition.http_request_method_config(config.clone())
            });
        }
        for query in &self.queries {
            let pairs = query.pairs.iter().map(|pair| {
                QueryStringKeyValuePair::builder()
                    .set_key(pair.key.clone())
                    .value(&pair.value)
                    .build()
            });
            let config =
                QueryStringConditionConfig::builder().set_values(Some(pairs.collect())).build();
            add("query-string", &|condition| condition.query_string_config(config.clone()));
        }
        if !self.source_ips.is_empty() {
            let config =
                SourceIpConditionConfig::builder().set_values(some(&self.source_ips)).build();
            add("source-ip", &|condition| condition.source_ip_config(config.clone()));
        }
        conditions
    }

    /// From what AWS lists. Values of paths and hosts stand in two places of an answer, or in
    /// the older one only.
    pub(super) fn from_sdk(conditions: &[RuleCondition]) -> Self {
        let mut read = Self::default();
        for condition in conditions {
            let plain = condition.values();
            match condition.field().unwrap_or_default() {
                "path-pattern" => {
                    let config = condition.path_pattern_config();
                    read.path_patterns.extend(values(config.map(|config| config.values()), plain));
                    let regexes = config.map(|config| config.regex_values());
                    read.path_regexes.extend(values(regexes, condition.regex_values()));
                }
                "host-header" => {
                    let config = condition.host_header_config();
                    read.host_headers.extend(values(config.map(|config| config.values()), plain));
                    let regexes = config.map(|config| config.regex_values());
                    read.host_regexes.extend(values(regexes, condition.regex_values()));
                }
                "http-header" => {
                    read.headers.extend(condition.http_header_config().map(|config| {
                        HeaderCondition {
                            name: config.http_header_name().unwrap_or_default().to_owned(),
                            values: config.values().to_vec(),
                            regexes: config.regex_values().to_vec(),
                        }
                    }));
                }
                "http-request-method" => {
                    let config = condition.http_request_method_config();
                    read.methods.extend(values(config.map(|config| config.values()), plain));
                }
                "query-string" => {
                    read.queries.extend(condition.query_string_config().map(|config| {
                        let pairs = config.values().iter().map(|pair| QueryPair {
                            key: pair.key().map(str::to_owned),
                            value: pair.value().unwrap_or_default().to_owned(),
                        });
                        QueryCondition { pairs: pairs.collect() }
                    }));
                }
                "source-ip" => {
                    let config = condition.source_ip_config();
                    read.source_ips.extend(values(config.map(|config| config.values()), plain));
                }
                // A field that AWS adds later: seen as a header nobody wants, so that it shows.
                other => read.headers.push(HeaderCondition {
                    name: format!("({other})"),
                    ..HeaderCondition::default()
                }),
            }
        }
        read
    }
}

type Builder = aws_sdk_elasticloadbalancingv2::types::builders::RuleConditionBuilder;

fn values(typed: Option<&[String]>, plain: &[String]) -> Vec<String> {
    typed.filter(|values| !values.is_empty()).unwrap_or(plain).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_back_as_they_were_written() {
        let text = |text: &str| vec![text.to_owned()];
        let conditions = Conditions {
            path_patterns: vec!["/api".into(), "/api/*".into()],
            path_regexes: text("^/v[0-9]+/"),
            host_headers: text("api.example.com"),
            host_regexes: text("^.*\\.example$"),
            headers: vec![
                HeaderCondition { name: "x-a".into(), values: text("1"), regexes: vec![] },
                HeaderCondition { name: "x-b".into(), values: vec![], regexes: text("^2") },
            ],
            methods: text("GET"),
            queries: vec![QueryCondition {
                pairs: vec![
                    QueryPair { key: Some("version".into()), value: "2".into() },
                    QueryPair { key: None, value: "beta".into() },
                ],
            }],
            source_ips: text("192.0.2.0/24"),
        };
        assert_eq!(Conditions::from_sdk(&conditions.to_sdk()), conditions);
        assert_eq!(Conditions::from_sdk(&Conditions::default().to_sdk()), Conditions::default());
    }

    #[test]
    fn the_older_spelling_is_read_too() {
        let plain = RuleCondition::builder().field("path-pattern").values("/api").build();
        assert_eq!(
            Conditions::from_sdk(&[plain]),
            Conditions { path_patterns: vec!["/api".into()], ..Conditions::default() }
        );
    }
}
