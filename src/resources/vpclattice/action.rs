//! What listeners and rules do with a request.

use aws_sdk_vpclattice::types::{
    FixedResponseAction, ForwardAction, RuleAction, WeightedTargetGroup,
};
use serde::{Deserialize, Serialize};

use super::TargetGroupId;
use super::shared::built;
use crate::engine::{Class, Failure, Input};

/// What is done with a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It goes to one of these, at most 10, by their weights.
    Forward(Vec<Forward>),
    /// It is answered with this status: 404 or 500.
    FixedResponse(i32),
}

/// One of several target groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    /// The target group.
    pub target_group: Input<TargetGroupId>,
    /// Its share of all weights, 0 to 999; 100 where there is but one.
    pub weight: i32,
}

impl Action {
    pub(super) fn to_sdk(&self) -> Result<RuleAction, Failure> {
        Ok(match self {
            Self::FixedResponse(status) => RuleAction::FixedResponse(built(
                FixedResponseAction::builder().status_code(*status).build(),
            )?),
            Self::Forward(to) => {
                let group = |one: &Forward| {
                    built(
                        WeightedTargetGroup::builder()
                            .target_group_identifier(one.target_group.get()?.0)
                            .weight(one.weight)
                            .build(),
                    )
                };
                let groups = to.iter().map(group).collect::<Result<_, _>>()?;
                let forward = ForwardAction::builder().set_target_groups(Some(groups)).build();
                RuleAction::Forward(built(forward)?)
            }
        })
    }

    /// # Errors
    /// Lattice has learnt an action that shipit does not know.
    pub(super) fn from_sdk(from: Option<&RuleAction>) -> Result<Self, Failure> {
        match from {
            Some(RuleAction::FixedResponse(fixed)) => Ok(Self::FixedResponse(fixed.status_code())),
            Some(RuleAction::Forward(forward)) => {
                let to = |one: &WeightedTargetGroup| Forward {
                    target_group: Input::Known(
                        super::shared::id(one.target_group_identifier()).into(),
                    ),
                    weight: one.weight().unwrap_or(100),
                };
                Ok(Self::Forward(forward.target_groups().iter().map(to).collect()))
            }
            _ => Err(Failure::new(Class::Invalid, "VPC Lattice answered with an unknown action")),
        }
    }
}
