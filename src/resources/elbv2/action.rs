//! What a listener or a rule does with a request.

use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, ActionTypeEnum, FixedResponseActionConfig, ForwardActionConfig,
    RedirectActionConfig, RedirectActionStatusCodeEnum, TargetGroupStickinessConfig,
    TargetGroupTuple,
};
use serde::{Deserialize, Serialize};

use super::TargetGroupArn;
use crate::engine::{Class, Failure, Input};
use crate::resources::resource::Tags;

/// Marks a rule or listener whose weights ECS moves, as nothing else of it does.
const WEIGHTS_TAG: &str = "shipit:weights";
const WEIGHTS_OF_ECS: &str = "ecs";
/// The weight of all requests, as ECS writes it.
const ALL: i32 = 100;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Action {
    /// The load balancer answers by itself.
    FixedResponse {
        /// `404`; AWS takes 2XX, 4XX and 5XX.
        status_code: String,
        /// `text/plain`.
        content_type: Option<String>,
        /// At most 1,024 bytes.
        body: Option<String>,
    },
    /// The client is sent elsewhere.
    Redirect(Redirect),
    /// Targets answer.
    Forward {
        /// Which, with their weights.
        target_groups: Vec<WeightedTargetGroup>,
        /// How long a client stays with one target group, in seconds; `None`: it does not.
        stickiness_seconds: Option<i32>,
    },
    /// Targets of one of several groups answer. Which, ECS says: it moves the weights between them, so that they are no
    /// part of the document.
    Shifted {
        /// The groups; the first begins with everything.
        between: Vec<Input<TargetGroupArn>>,
        /// Which gets most of it right now.
        carries: Option<Input<TargetGroupArn>>,
        /// How long a client stays with one target group, in seconds; `None`: it does not.
        stickiness_seconds: Option<i32>,
    },
    /// Something that shipit does not write (authentication, for one): seen on live objects only.
    Other {
        /// AWS's word for it.
        name: String,
    },
}

/// Where a redirect leads; AWS fills in `#{host}`, `#{path}`, `#{query}`, `#{protocol}` and `#{port}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// `HTTP`, `HTTPS` or `#{protocol}`.
    pub protocol: String,
    /// A port or `#{port}`.
    pub port: String,
    /// A host or `#{host}`.
    pub host: String,
    /// Begins with a slash: `/#{path}`.
    pub path: String,
    /// Without its question mark: `#{query}`.
    pub query: String,
    /// Permanent (301) rather than temporary (302).
    pub permanent: bool,
}

impl Redirect {
    /// To the same address over HTTPS, for good.
    pub fn to_https() -> Self {
        Self {
            protocol: "HTTPS".to_owned(),
            port: "443".to_owned(),
            host: "#{host}".to_owned(),
            path: "/#{path}".to_owned(),
            query: "#{query}".to_owned(),
            permanent: true,
        }
    }
}

/// A target group and its share of the requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightedTargetGroup {
    /// Which.
    pub target_group: Input<TargetGroupArn>,
    /// 0 to 999; the share is this over the sum of all.
    pub weight: i32,
}

impl Action {
    /// All requests to one target group.
    pub fn forward_to(target_group: Input<TargetGroupArn>) -> Self {
        Self::Forward {
            target_groups: vec![WeightedTargetGroup { target_group, weight: 1 }],
            stickiness_seconds: None,
        }
    }

    /// All requests to one of two target groups, to the first to begin with.
    pub fn shifted(between: [Input<TargetGroupArn>; 2]) -> Self {
        Self::Shifted {
            carries: Some(between[0].clone()),
            between: between.into(),
            stickiness_seconds: None,
        }
    }

    /// A plain-text answer.
    pub fn fixed_text(status_code: u16, body: &str) -> Self {
        Self::FixedResponse {
            status_code: status_code.to_string(),
            content_type: Some("text/plain".to_owned()),
            body: (!body.is_empty()).then(|| body.to_owned()),
        }
    }

    /// The SDK's form.
    pub(super) fn to_sdk(&self) -> Result<sdk::Action, Failure> {
        let action = sdk::Action::builder();
        let action = match self {
            Self::FixedResponse { status_code, content_type, body } => {
                action.r#type(ActionTypeEnum::FixedResponse).fixed_response_config(
                    FixedResponseActionConfig::builder()
                        .status_code(status_code)
                        .set_content_type(content_type.clone())
                        .set_message_body(body.clone())
                        .build(),
                )
            }
            Self::Redirect(to) => action.r#type(ActionTypeEnum::Redirect).redirect_config(
                RedirectActionConfig::builder()
                    .protocol(&to.protocol)
                    .port(&to.port)
                    .host(&to.host)
                    .path(&to.path)
                    .query(&to.query)
                    .status_code(if to.permanent {
                        RedirectActionStatusCodeEnum::Http301
                    } else {
                        RedirectActionStatusCodeEnum::Http302
                    })
                    .build(),
            ),
            Self::Forward { target_groups, stickiness_seconds } => {
                let weighted = target_groups.iter().map(|one| (&one.target_group, one.weight));
                action
                    .r#type(ActionTypeEnum::Forward)
                    .forward_config(forward_config(weighted, *stickiness_seconds)?)
            }
            Self::Shifted { between, stickiness_seconds, .. } => {
                let weights = std::iter::once(ALL).chain(std::iter::repeat(0));
                action.r#type(ActionTypeEnum::Forward).forward_config(forward_config(
                    between.iter().zip(weights),
                    *stickiness_seconds,
                )?)
            }
            Self::Other { name } => {
                return Err(Failure::new(
                    Class::Invalid,
                    format!("an action of type `{name}` cannot be written"),
                ));
            }
        };
        Ok(action.build())
    }

    /// From the actions AWS lists; shipit writes one, so several read as the first that is none of ours.
    pub(super) fn from_sdk(actions: &[sdk::Action]) -> Self {
        let unknown = actions.iter().find(|action| {
            !matches!(
                action.r#type(),
                Some(
                    ActionTypeEnum::FixedResponse
                        | ActionTypeEnum::Forward
                        | ActionTypeEnum::Redirect
                )
            )
        });
        let Some(action) = unknown.or(actions.first()) else {
            return Self::Other { name: "none".to_owned() };
        };
        match action.r#type() {
            Some(ActionTypeEnum::FixedResponse) => fixed_response(action),
            Some(ActionTypeEnum::Redirect) => Self::Redirect(redirect(action)),
            Some(ActionTypeEnum::Forward) => forward(action),
            other => Self::Other { name: other.map_or("none", |word| word.as_str()).to_owned() },
        }
    }
}

impl Action {
    /// Tags of whatever has this action: those given, and the mark of one whose weights are ECS's.
    pub(super) fn marked(&self, mut tags: Tags) -> Tags {
        if matches!(self, Self::Shifted { .. }) {
            tags.insert(WEIGHTS_TAG.to_owned(), WEIGHTS_OF_ECS.to_owned());
        }
        tags
    }

    /// What is live, where these are all its tags.
    pub(super) fn seen(self, tags: &Tags) -> Self {
        match self {
            Self::Forward { target_groups, stickiness_seconds }
                if tags.contains_key(WEIGHTS_TAG) =>
            {
                let most = target_groups.iter().max_by_key(|one| one.weight);
                let carries = most.map(|one| one.target_group.clone());
                let between = target_groups.into_iter().map(|one| one.target_group).collect();
                Self::Shifted { between, carries, stickiness_seconds }
            }
            other => other,
        }
    }
}

fn forward_config<'a>(
    groups: impl Iterator<Item = (&'a Input<TargetGroupArn>, i32)>,
    stickiness_seconds: Option<i32>,
) -> Result<ForwardActionConfig, Failure> {
    let one = |(group, weight): (&Input<TargetGroupArn>, i32)| {
        let tuple = TargetGroupTuple::builder().target_group_arn(group.get()?.0);
        Ok(tuple.weight(weight).build())
    };
    let groups = groups.map(one).collect::<Result<Vec<_>, Failure>>()?;
    let stickiness = TargetGroupStickinessConfig::builder()
        .enabled(stickiness_seconds.is_some())
        .set_duration_seconds(stickiness_seconds)
        .build();
    Ok(ForwardActionConfig::builder()
        .set_target_groups(Some(groups))
        .target_group_stickiness_config(stickiness)
        .build())
}

fn text(value: Option<&str>) -> Option<String> {
    value.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn fixed_response(action: &sdk::Action) -> Action {
    let config = action.fixed_response_config();
    Action::FixedResponse {
        status_code: config.and_then(|c| c.status_code()).unwrap_or_default().to_owned(),
        content_type: text(config.and_then(|c| c.content_type())),
        body: text(config.and_then(|c| c.message_body())),
    }
}

fn redirect(action: &sdk::Action) -> Redirect {
    let config = action.redirect_config();
    let part = |value: Option<&str>, default: &str| value.unwrap_or(default).to_owned();
    Redirect {
        protocol: part(config.and_then(|c| c.protocol()), "#{protocol}"),
        port: part(config.and_then(|c| c.port()), "#{port}"),
        host: part(config.and_then(|c| c.host()), "#{host}"),
        path: part(config.and_then(|c| c.path()), "/#{path}"),
        query: part(config.and_then(|c| c.query()), "#{query}"),
        permanent: config.and_then(|c| c.status_code())
            != Some(&RedirectActionStatusCodeEnum::Http302),
    }
}

fn forward(action: &sdk::Action) -> Action {
    let config = action.forward_config();
    let weighted = |arn: &str, weight: Option<i32>| WeightedTargetGroup {
        target_group: Input::Known(TargetGroupArn::from(arn)),
        weight: weight.unwrap_or(1),
    };
    let mut target_groups: Vec<_> = config
        .map(|config| config.target_groups())
        .unwrap_or_default()
        .iter()
        .map(|group| weighted(group.target_group_arn().unwrap_or_default(), group.weight()))
        .collect();
    if target_groups.is_empty() {
        target_groups.extend(action.target_group_arn().map(|arn| weighted(arn, None)));
    }
    let stickiness = config.and_then(|config| config.target_group_stickiness_config());
    Action::Forward {
        target_groups,
        stickiness_seconds: stickiness
            .filter(|stickiness| stickiness.enabled() == Some(true))
            .and_then(|stickiness| stickiness.duration_seconds()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_reads_back_as_it_was_written() {
        let actions = [
            Action::fixed_text(404, "not found"),
            Action::fixed_text(503, ""),
            Action::Redirect(Redirect::to_https()),
            Action::forward_to(Input::Known("arn:one".into())),
            Action::Forward {
                target_groups: vec![
                    WeightedTargetGroup { target_group: Input::Known("arn:one".into()), weight: 9 },
                    WeightedTargetGroup { target_group: Input::Known("arn:two".into()), weight: 1 },
                ],
                stickiness_seconds: Some(3600),
            },
        ];
        for action in actions {
            assert_eq!(Action::from_sdk(&[action.to_sdk().unwrap()]), action);
        }
    }

    #[test]
    fn weights_of_ecs_are_no_part_of_the_document() {
        let action = Action::shifted(["arn:one", "arn:two"].map(|arn| Input::Known(arn.into())));
        let tags = action.marked(Tags::new());
        let written = action.to_sdk().unwrap();
        let weights = |action: &sdk::Action| -> Vec<Option<i32>> {
            let config = action.forward_config().unwrap();
            config.target_groups().iter().map(|one| one.weight()).collect()
        };
        assert_eq!(weights(&written), [Some(100), Some(0)]);
        assert_eq!(Action::from_sdk(std::slice::from_ref(&written)).seen(&tags), action);
        assert_ne!(Action::from_sdk(&[written]).seen(&Tags::new()), action);
    }

    #[test]
    fn a_forward_without_weights_and_an_unknown_action_are_read() {
        let plain = sdk::Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .target_group_arn("arn:one")
            .build();
        assert_eq!(
            Action::from_sdk(std::slice::from_ref(&plain)),
            Action::forward_to(Input::Known("arn:one".into()))
        );
        let sign_in = sdk::Action::builder().r#type(ActionTypeEnum::AuthenticateOidc).build();
        assert_eq!(
            Action::from_sdk(&[sign_in, plain]),
            Action::Other { name: "authenticate-oidc".into() }
        );
    }
}
