//! Every resource kind, one file each, grouped by AWS service.
//!
//! A kind's file reads in one order: struct, ids, outputs, rules, `impl Resource`, health,
//! API → struct, tests. It knows the SDK and the engine's contract; no manifest, no terminal.
//! A new kind is one file, its `mod` line and one line in [`REGISTRY`].

pub mod acm;
pub mod applicationautoscaling;
pub mod appmesh;
pub mod autoscaling;
pub mod cloudwatch;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod efs;
pub mod eks;
pub mod elbv2;
pub mod iam;
pub mod kubernetes;
pub mod log_line;
pub mod logs;
pub mod resource;
pub mod route53;
pub mod s3;
pub mod scheduler;
pub mod servicediscovery;
pub mod sns;
pub mod sqs;
pub mod vpclattice;

pub use resource::{Found, Resource};

use resource::Kind;

/// All kinds. A test catches a file that is not listed here.
pub const REGISTRY: &[Kind] = &[
    Kind::of::<ec2::Vpc>(),
    Kind::of::<ec2::Subnet>(),
    Kind::of::<ec2::InternetGateway>(),
    Kind::of::<ec2::RouteTable>(),
    Kind::of::<ec2::ElasticIp>(),
    Kind::of::<ec2::NatGateway>(),
    Kind::of::<ec2::EgressOnlyInternetGateway>(),
    Kind::of::<ec2::VpcEndpoint>(),
    Kind::of::<ec2::FlowLog>(),
    Kind::of::<ec2::SecurityGroup>(),
    Kind::of::<ec2::SecurityGroupRule>(),
    Kind::of::<ec2::LaunchTemplate>(),
    Kind::of::<autoscaling::AutoScalingGroup>(),
    Kind::of::<ecr::Repository>(),
    Kind::of::<ecr::Image>(),
    Kind::of::<ecs::Cluster>(),
    Kind::of::<efs::FileSystem>(),
    Kind::of::<efs::AccessPoint>(),
    Kind::of::<eks::Cluster>(),
    Kind::of::<eks::AccessEntry>(),
    Kind::of::<eks::PodIdentityAssociation>(),
    Kind::of::<eks::NodeGroup>(),
    Kind::of::<eks::Addon>(),
    Kind::of::<eks::FargateProfile>(),
    Kind::of::<eks::Capability>(),
    Kind::of::<ecs::CapacityProvider>(),
    Kind::of::<ecs::TaskDefinition>(),
    Kind::of::<ecs::Service>(),
    Kind::of::<applicationautoscaling::Target>(),
    Kind::of::<cloudwatch::Alarm>(),
    Kind::of::<servicediscovery::Namespace>(),
    Kind::of::<servicediscovery::DiscoveryService>(),
    Kind::of::<servicediscovery::Instance>(),
    Kind::of::<s3::Bucket>(),
    Kind::of::<elbv2::LoadBalancer>(),
    Kind::of::<elbv2::TargetGroup>(),
    Kind::of::<elbv2::Listener>(),
    Kind::of::<elbv2::ListenerRule>(),
    Kind::of::<elbv2::ListenerCertificate>(),
    Kind::of::<acm::Certificate>(),
    Kind::of::<route53::HostedZone>(),
    Kind::of::<route53::Record>(),
    Kind::of::<iam::Role>(),
    Kind::of::<iam::InstanceProfile>(),
    Kind::of::<iam::OidcProvider>(),
    Kind::of::<logs::LogGroup>(),
    Kind::of::<sns::Topic>(),
    Kind::of::<sqs::Queue>(),
    Kind::of::<scheduler::Schedule>(),
    Kind::of::<appmesh::Mesh>(),
    Kind::of::<appmesh::VirtualNode>(),
    Kind::of::<appmesh::VirtualService>(),
    Kind::of::<appmesh::VirtualRouter>(),
    Kind::of::<appmesh::Route>(),
    Kind::of::<appmesh::VirtualGateway>(),
    Kind::of::<appmesh::GatewayRoute>(),
    Kind::of::<vpclattice::ServiceNetwork>(),
    Kind::of::<vpclattice::Service>(),
    Kind::of::<vpclattice::ServiceNetworkVpcAssociation>(),
    Kind::of::<vpclattice::ServiceNetworkServiceAssociation>(),
    Kind::of::<vpclattice::TargetGroup>(),
    Kind::of::<vpclattice::Listener>(),
    Kind::of::<vpclattice::Rule>(),
    Kind::of::<vpclattice::AccessLogSubscription>(),
    Kind::of::<kubernetes::Namespace>(),
    Kind::of::<kubernetes::ResourceQuota>(),
    Kind::of::<kubernetes::ServiceAccount>(),
    Kind::of::<kubernetes::ConfigMap>(),
    Kind::of::<kubernetes::Secret>(),
    Kind::of::<kubernetes::PersistentVolumeClaim>(),
    Kind::of::<kubernetes::NetworkPolicy>(),
    Kind::of::<kubernetes::AnyObject>(),
    Kind::of::<kubernetes::Deployment>(),
    Kind::of::<kubernetes::StatefulSet>(),
    Kind::of::<kubernetes::DaemonSet>(),
    Kind::of::<kubernetes::Job>(),
    Kind::of::<kubernetes::CronJob>(),
    Kind::of::<kubernetes::Service>(),
    Kind::of::<kubernetes::Ingress>(),
    Kind::of::<kubernetes::HorizontalPodAutoscaler>(),
    Kind::of::<kubernetes::PodDisruptionBudget>(),
];
