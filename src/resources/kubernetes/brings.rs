//! What brings the kinds of a group into a cluster: one visible table.

/// The end of a group's name, and what to do where it is not served.
#[rustfmt::skip]
const BRINGS: &[(&str, &str)] = &[
    ("application-networking.k8s.aws", "AWS's Gateway API Controller brings it: install its chart (public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller-chart)"),
    ("gateway.networking.k8s.io", "`gateway_api: true` under `cluster` brings it with Auto Mode; else the definitions of the Gateway API are installed with AWS's Gateway API Controller"),
    ("appmesh.k8s.aws", "the App Mesh Controller brings it: install its chart (appmesh-controller of https://aws.github.io/eks-charts)"),
    ("elbv2.k8s.aws", "the AWS Load Balancer Controller brings it: install its chart (aws-load-balancer-controller of https://aws.github.io/eks-charts)"),
    ("vpcresources.k8s.aws", "the add-on `vpc-cni` brings it: name it under `cluster.addons`"),
    ("crd.k8s.amazonaws.com", "the add-on `vpc-cni` brings it: name it under `cluster.addons`"),
    ("eks.amazonaws.com", "EKS brings it with Auto Mode: write `auto_mode: true` under `cluster`"),
    ("cert-manager.io", "the add-on `cert-manager` brings it: name it under `cluster.addons`"),
    ("snapshot.storage.k8s.io", "the add-on `snapshot-controller` brings it: name it under `cluster.addons`"),
    ("metrics.k8s.io", "the add-on `metrics-server` brings it: name it under `cluster.addons`"),
    ("services.k8s.aws", "the capability `ack` brings it: name it under `cluster.capabilities`"),
    ("argoproj.io", "the capability `argo_cd` brings it: name it under `cluster.capabilities`"),
    ("kro.run", "the capability `kro` brings it: name it under `cluster.capabilities`"),
    ("karpenter.sh", "Karpenter brings it, or Auto Mode: write `auto_mode: true` under `cluster`"),
    ("monitoring.coreos.com", "the Prometheus Operator brings it: install its chart first"),
];

/// What to do where a cluster serves no kind of this version's group.
pub fn brings(api_version: &str) -> &'static str {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let own = BRINGS.iter().find(|(end, _)| {
        group.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    match own {
        Some((_, what)) => what,
        None if group.contains('.') && !group.ends_with(".k8s.io") => {
            "what defines it has to be in the cluster: write its CustomResourceDefinition beside it, or install the add-on or chart that brings it"
        }
        None => "check the spelling of `apiVersion` and `kind`, or upgrade the cluster",
    }
}

#[cfg(test)]
mod tests {
    use super::brings;

    #[test]
    fn groups_are_known_by_their_ends() {
        assert!(brings("appmesh.k8s.aws/v1beta2").contains("App Mesh Controller"));
        assert!(brings("s3.services.k8s.aws/v1alpha1").contains("`ack`"));
        assert!(brings("example.com/v1").contains("CustomResourceDefinition"));
        assert!(brings("apps/v7").contains("spelling"));
        assert!(brings("policy.k8s.io/v7").contains("spelling"));
    }
}
