//! AWS's default quotas. All of them can be raised.

/// One quota.
#[derive(Debug)]
pub(super) struct Quota {
    /// The service's code.
    pub(super) service: &'static str,
    /// The quota's code.
    pub(super) code: &'static str,
    /// Its name, as the console shows it.
    pub(super) name: &'static str,
    /// AWS's default.
    pub(super) value: f64,
}

const fn quota(service: &'static str, code: &'static str, name: &'static str, value: f64) -> Quota {
    Quota { service, code, name, value }
}

/// Services by code, with their names.
pub(super) static SERVICES: &[(&str, &str)] = &[
    ("AWSCloudMap", "AWS Cloud Map"),
    ("appmesh", "AWS App Mesh"),
    ("ec2", "Amazon Elastic Compute Cloud (Amazon EC2)"),
    ("ecs", "Amazon Elastic Container Service (Amazon ECS)"),
    ("elasticloadbalancing", "Elastic Load Balancing (ELB)"),
    ("fargate", "AWS Fargate"),
    ("iam", "AWS Identity and Access Management (IAM)"),
    ("vpc", "Amazon Virtual Private Cloud (Amazon VPC)"),
    ("vpc-lattice", "Amazon VPC Lattice"),
];

/// By service and code.
#[rustfmt::skip]
pub(super) static QUOTAS: &[Quota] = &[
    quota("AWSCloudMap", "L-0FE3F50E", "Namespaces per Region", 50.0),
    quota("appmesh", "L-87E74146", "Virtual gateways per mesh", 3.0),
    quota("appmesh", "L-AC861A39", "Meshes per account", 15.0),
    quota("appmesh", "L-BB90B7FF", "Routes per virtual router", 50.0),
    quota("appmesh", "L-DA7495A7", "Virtual services per mesh", 200.0),
    quota("appmesh", "L-F6F26D09", "Gateway routes per virtual gateway", 10.0),
    quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
    quota("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5.0),
    quota("ec2", "L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5.0),
    quota("ec2", "L-3819A6DF", "All G and VT Spot Instance Requests", 0.0),
    quota("ec2", "L-417A185B", "Running On-Demand P instances", 0.0),
    quota("ec2", "L-7212CCBC", "All P Spot Instance Requests", 0.0),
    quota("ec2", "L-DB2E81BA", "Running On-Demand G and VT instances", 0.0),
    quota("ecs", "L-21C621EB", "Clusters per account", 10_000.0),
    quota("ecs", "L-9EF96962", "Services per cluster", 5000.0),
    quota("eks", "L-1194D53C", "Clusters", 100.0),
    quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50.0),
    quota("elasticloadbalancing", "L-7EED9B64", "Rules per Application Load Balancer", 100.0),
    quota("elasticloadbalancing", "L-9365A611", "Certificates per Application Load Balancer", 25.0),
    quota("elasticloadbalancing", "L-B22855CB", "Target Groups per Region", 3000.0),
    quota("elasticloadbalancing", "L-B6DF7632", "Listeners per Application Load Balancer", 50.0),
    quota("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", 6.0),
    quota("fargate", "L-36FBB829", "Fargate Spot vCPU resource count", 6.0),
    quota("iam", "L-FE177D64", "Roles per account", 1000.0),
    quota("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60.0),
    quota("vpc", "L-2AFB9258", "Security groups per network interface", 5.0),
    quota("vpc", "L-407747CB", "Subnets per VPC", 200.0),
    quota("vpc", "L-589F43AA", "Route tables per VPC", 200.0),
    quota("vpc", "L-A4707A72", "Internet gateways per Region", 5.0),
    quota("vpc", "L-E79EC296", "VPC security groups per Region", 2500.0),
    quota("vpc", "L-F678F1CE", "VPCs per Region", 5.0),
    quota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5.0),
    quota("vpc-lattice", "L-9CAD07FB", "Service networks per region", 50.0),
    quota("vpc-lattice", "L-CF78395E", "Rules per listener", 10.0),
];
