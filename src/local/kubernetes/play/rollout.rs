//! How many pods of the old and the new template there may be while one follows the other.

use serde_json::Value;

use crate::local::document::Document;

/// A count, or a share of `all`.
pub(super) fn share(value: &Value, all: i64, up: bool) -> i64 {
    match value {
        Value::Number(_) => value.as_i64().unwrap_or(0),
        Value::String(text) => {
            let percent = text.trim_end_matches('%').parse::<i64>().unwrap_or(0);
            let parts = percent * all;
            if up { (parts + 99).div_euclid(100) } else { parts / 100 }
        }
        _ => 0,
    }
}

/// How many more, and how many fewer, than wanted there may be: at least one of them is not 0.
pub(super) fn limits(strategy: &Value, wanted: i64) -> (i64, i64) {
    let surge = share(&strategy["rollingUpdate"]["maxSurge"], wanted, true);
    let unavailable = share(&strategy["rollingUpdate"]["maxUnavailable"], wanted, false);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

/// One side of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side {
    /// How many it shall have now.
    pub(super) wanted: i64,
    /// How many of them work.
    pub(super) available: i64,
}

/// What both sides shall have next, of `all` in the end.
pub(super) fn next(strategy: &Value, all: i64, new: Side, old: Side) -> (i64, i64) {
    if strategy.text("type") == "Recreate" {
        return (new.wanted, 0);
    }
    let (surge, unavailable) = limits(strategy, all);
    let room = (all + surge - new.wanted - old.wanted).max(0);
    let more = if new.wanted > all { all } else { (new.wanted + room).min(all) };
    let least = all - unavailable;
    let starting = new.wanted - new.available.min(new.wanted);
    let spare = old.wanted + new.wanted - least - starting;
    if spare <= 0 {
        return (more, old.wanted);
    }
    // Old ones that do not work go first.
    let broken = (old.wanted - old.available).clamp(0, spare);
    let working = (new.available + old.available - least).max(0);
    let fewer = (old.wanted - broken - working).max(0);
    (more, fewer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shares_are_rounded_as_kubernetes_does() {
        assert_eq!(share(&json!("25%"), 3, true), 1);
        assert_eq!(share(&json!("25%"), 3, false), 0);
        assert_eq!(share(&json!(2), 3, false), 2);
        assert_eq!(
            limits(&json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"}}), 2),
            (0, 1)
        );
    }

    #[test]
    fn a_rollout_goes_step_by_step() {
        let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
        let side = |wanted, available| Side { wanted, available };
        assert_eq!(next(&rolling, 2, side(0, 0), side(2, 2)), (1, 2));
        assert_eq!(next(&rolling, 2, side(1, 0), side(2, 2)), (1, 2));
        assert_eq!(next(&rolling, 2, side(1, 1), side(2, 2)), (1, 1));
        assert_eq!(next(&rolling, 2, side(1, 1), side(1, 1)), (2, 1));
        assert_eq!(next(&rolling, 2, side(2, 2), side(1, 1)), (2, 0));
        assert_eq!(next(&json!({"type": "Recreate"}), 2, side(0, 0), side(2, 2)), (0, 0));
    }
}
