//! What an ARN says of its resource.

/// Is the resource of one of these types, such as `ecs`, `ecs:service` or
/// `elasticloadbalancing:loadbalancer/app`?
pub(super) fn is_of_type(arn: &str, filter: &str) -> bool {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, _, _, resource] = fields.as_slice() else { return false };
    let (wanted, kind) = filter.split_once(':').unwrap_or((filter, ""));
    if *service != wanted {
        return false;
    }
    let rest = resource.strip_prefix(kind);
    kind.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_from_arns() {
        let balancer =
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/0123";
        let group = "arn:aws:logs:eu-west-1:123456789012:log-group:/a/b";
        assert!(is_of_type(balancer, "elasticloadbalancing"));
        assert!(is_of_type(balancer, "elasticloadbalancing:loadbalancer"));
        assert!(is_of_type(balancer, "elasticloadbalancing:loadbalancer/app"));
        assert!(!is_of_type(balancer, "elasticloadbalancing:load"));
        assert!(!is_of_type(balancer, "elasticloadbalancing:targetgroup"));
        assert!(is_of_type(group, "logs:log-group"));
        assert!(!is_of_type(group, "ecs"));
        assert!(!is_of_type("nonsense", "ecs"));
    }
}
