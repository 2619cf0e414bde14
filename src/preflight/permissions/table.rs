//! Which IAM actions each kind's calls need: the one list, held against local AWS's log of calls by
//! the life-cycle test. What a call needs beside its own action (tags in the create call, `iam:PassRole`)
//! stands here too.

/// The actions of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Actions {
    /// `ec2/vpc`.
    pub kind: &'static str,
    /// The resource's part of its ARN behind `arn:PARTITION:`, with `{name}`, `{region}`, `{account}`,
    /// `{application}` and `{environment}` to fill in.
    pub resource: &'static str,
    /// Needed to create it.
    pub create: &'static [&'static str],
    /// Needed to change it.
    pub update: &'static [&'static str],
    /// Needed to delete it.
    pub delete: &'static [&'static str],
}

/// All kinds.
pub const ACTIONS: &[Actions] = &[
    Actions {
        kind: "ec2/vpc",
        resource: "ec2:{region}:{account}:vpc/*",
        create: &["ec2:CreateVpc", "ec2:CreateTags", "ec2:ModifyVpcAttribute"],
        update: &[
            "ec2:ModifyVpcAttribute",
            "ec2:AssociateVpcCidrBlock",
            "ec2:DisassociateVpcCidrBlock",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DeleteVpc"],
    },
    Actions {
        kind: "ec2/subnet",
        resource: "ec2:{region}:{account}:subnet/*",
        create: &["ec2:CreateSubnet", "ec2:CreateTags", "ec2:ModifySubnetAttribute"],
        update: &[
            "ec2:ModifySubnetAttribute",
            "ec2:AssociateSubnetCidrBlock",
            "ec2:DisassociateSubnetCidrBlock",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DeleteSubnet"],
    },
    Actions {
        kind: "ec2/internet-gateway",
        resource: "ec2:{region}:{account}:internet-gateway/*",
        create: &["ec2:CreateInternetGateway", "ec2:CreateTags", "ec2:AttachInternetGateway"],
        update: &[
            "ec2:AttachInternetGateway",
            "ec2:DetachInternetGateway",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DetachInternetGateway", "ec2:DeleteInternetGateway"],
    },
    Actions {
        kind: "ec2/route-table",
        resource: "ec2:{region}:{account}:route-table/*",
        create: &[
            "ec2:CreateRouteTable",
            "ec2:CreateTags",
            "ec2:CreateRoute",
            "ec2:AssociateRouteTable",
            "ec2:ReplaceRouteTableAssociation",
        ],
        update: &[
            "ec2:CreateRoute",
            "ec2:ReplaceRoute",
            "ec2:DeleteRoute",
            "ec2:AssociateRouteTable",
            "ec2:DisassociateRouteTable",
            "ec2:ReplaceRouteTableAssociation",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DisassociateRouteTable", "ec2:DeleteRouteTable"],
    },
    Actions {
        kind: "ec2/elastic-ip",
        resource: "ec2:{region}:{account}:elastic-ip/*",
        create: &["ec2:AllocateAddress", "ec2:CreateTags"],
        update: &["ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:ReleaseAddress"],
    },
    Actions {
        kind: "ec2/nat-gateway",
        resource: "ec2:{region}:{account}:natgateway/*",
        create: &["ec2:CreateNatGateway", "ec2:CreateTags"],
        update: &["ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteNatGateway"],
    },
    Actions {
        kind: "ec2/egress-only-internet-gateway",
        resource: "ec2:{region}:{account}:egress-only-internet-gateway/*",
        create: &["ec2:CreateEgressOnlyInternetGateway", "ec2:CreateTags"],
        update: &["ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteEgressOnlyInternetGateway"],
    },
    Actions {
        kind: "ec2/vpc-endpoint",
        resource: "ec2:{region}:{account}:vpc-endpoint/*",
        create: &["ec2:CreateVpcEndpoint", "ec2:CreateTags"],
        update: &["ec2:ModifyVpcEndpoint", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteVpcEndpoints"],
    },
    Actions {
        kind: "ec2/flow-log",
        resource: "ec2:{region}:{account}:vpc-flow-log/*",
        create: &["ec2:CreateFlowLogs", "ec2:CreateTags", "iam:PassRole"],
        update: &["ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteFlowLogs"],
    },
    Actions {
        kind: "ec2/security-group",
        resource: "ec2:{region}:{account}:security-group/*",
        create: &["ec2:CreateSecurityGroup", "ec2:CreateTags"],
        update: &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DeleteSecurityGroup"],
    },
    Actions {
        kind: "ec2/security-group-rule",
        resource: "ec2:{region}:{account}:security-group/*",
        create: &[
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:CreateTags",
        ],
        update: &["ec2:ModifySecurityGroupRules", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"],
    },
    Actions {
        kind: "ecr/repository",
        resource: "ecr:{region}:{account}:repository/*",
        create: &[
            "ecr:CreateRepository",
            "ecr:TagResource",
            "ecr:PutLifecyclePolicy",
            "ecr:SetRepositoryPolicy",
        ],
        update: &[
            "ecr:PutImageScanningConfiguration",
            "ecr:PutImageTagMutability",
            "ecr:PutLifecyclePolicy",
            "ecr:DeleteLifecyclePolicy",
            "ecr:SetRepositoryPolicy",
            "ecr:DeleteRepositoryPolicy",
            "ecr:TagResource",
            "ecr:UntagResource",
        ],
        delete: &["ecr:DeleteRepository"],
    },
    Actions {
        kind: "ecs/cluster",
        resource: "ecs:{region}:{account}:cluster/{name}",
        create: &["ecs:CreateCluster", "ecs:TagResource", "ecs:PutClusterCapacityProviders"],
        update: &[
            "ecs:UpdateCluster",
            "ecs:PutClusterCapacityProviders",
            "ecs:TagResource",
            "ecs:UntagResource",
        ],
        delete: &["ecs:DeleteCluster"],
    },
    Actions {
        kind: "ecs/task-definition",
        resource: "ecs:{region}:{account}:task-definition/{name}:*",
        create: &["ecs:RegisterTaskDefinition", "ecs:TagResource"],
        update: &["ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource"],
        delete: &["ecs:DeregisterTaskDefinition"],
    },
    Actions {
        kind: "ecs/service",
        resource: "ecs:{region}:{account}:service/*/{name}",
        create: &["ecs:CreateService", "ecs:TagResource"],
        update: &["ecs:UpdateService", "ecs:TagResource", "ecs:UntagResource"],
        delete: &["ecs:UpdateService", "ecs:DeleteService"],
    },
    Actions {
        kind: "application-autoscaling/target",
        resource: "application-autoscaling:{region}:{account}:scalable-target/*",
        create: &[
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:PutScheduledAction",
            "application-autoscaling:TagResource",
        ],
        update: &[
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:DeleteScalingPolicy",
            "application-autoscaling:PutScheduledAction",
            "application-autoscaling:DeleteScheduledAction",
            "application-autoscaling:TagResource",
            "application-autoscaling:UntagResource",
        ],
        delete: &[
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:DeleteScalingPolicy",
        ],
    },
    Actions {
        kind: "cloudwatch/alarm",
        resource: "cloudwatch:{region}:{account}:alarm:{name}",
        create: &["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
        update: &[
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ],
        delete: &["cloudwatch:DeleteAlarms"],
    },
    Actions {
        kind: "servicediscovery/namespace",
        resource: "servicediscovery:{region}:{account}:namespace/*",
        // Cloud Map makes the hosted zone in the caller's name.
        create: &[
            "servicediscovery:CreatePrivateDnsNamespace",
            "servicediscovery:CreatePublicDnsNamespace",
            "servicediscovery:CreateHttpNamespace",
            "servicediscovery:TagResource",
            "route53:CreateHostedZone",
        ],
        update: &[
            "servicediscovery:UpdatePrivateDnsNamespace",
            "servicediscovery:UpdatePublicDnsNamespace",
            "servicediscovery:UpdateHttpNamespace",
            "servicediscovery:TagResource",
            "servicediscovery:UntagResource",
        ],
        // What ECS's Service Connect has left in it goes with it.
        delete: &[
            "servicediscovery:DeleteNamespace",
            "servicediscovery:DeregisterInstance",
            "servicediscovery:DeleteService",
            "route53:DeleteHostedZone",
        ],
    },
    Actions {
        kind: "servicediscovery/service",
        resource: "servicediscovery:{region}:{account}:service/*",
        create: &["servicediscovery:CreateService", "servicediscovery:TagResource"],
        update: &[
            "servicediscovery:UpdateService",
            "servicediscovery:TagResource",
            "servicediscovery:UntagResource",
        ],
        delete: &["servicediscovery:DeregisterInstance", "servicediscovery:DeleteService"],
    },
    Actions {
        kind: "servicediscovery/instance",
        resource: "servicediscovery:{region}:{account}:service/*",
        create: &["servicediscovery:RegisterInstance"],
        update: &["servicediscovery:RegisterInstance"],
        delete: &["servicediscovery:DeregisterInstance"],
    },
    Actions {
        kind: "elbv2/load-balancer",
        resource: "elasticloadbalancing:{region}:{account}:loadbalancer/*/{name}/*",
        create: &[
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
        ],
        update: &[
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteLoadBalancer"],
    },
    Actions {
        kind: "acm/certificate",
        resource: "acm:{region}:{account}:certificate/*",
        create: &[
            "acm:RequestCertificate",
            "acm:AddTagsToCertificate",
            "route53:ChangeResourceRecordSets",
        ],
        update: &[
            "acm:AddTagsToCertificate",
            "acm:RemoveTagsFromCertificate",
            "route53:ChangeResourceRecordSets",
        ],
        delete: &["acm:DeleteCertificate", "route53:ChangeResourceRecordSets"],
    },
    Actions {
        kind: "route53/record",
        resource: "route53:::hostedzone/*",
        create: &["route53:ChangeResourceRecordSets"],
        update: &["route53:ChangeResourceRecordSets"],
        delete: &["route53:ChangeResourceRecordSets"],
    },
    Actions {
        kind: "elbv2/listener-certificate",
        resource: "elasticloadbalancing:{region}:{account}:listener/*",
        create: &["elasticloadbalancing:AddListenerCertificates"],
        update: &[],
        delete: &["elasticloadbalancing:RemoveListenerCertificates"],
    },
    Actions {
        kind: "elbv2/target-group",
        resource: "elasticloadbalancing:{region}:{account}:targetgroup/{name}/*",
        create: &[
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
        ],
        update: &[
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteTargetGroup"],
    },
    Actions {
        kind: "elbv2/listener",
        resource: "elasticloadbalancing:{region}:{account}:listener/app/*/*/*",
        create: &[
            "elasticloadbalancing:CreateListener",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:AddListenerCertificates",
        ],
        update: &[
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:AddListenerCertificates",
            "elasticloadbalancing:RemoveListenerCertificates",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteListener"],
    },
    Actions {
        kind: "elbv2/listener-rule",
        resource: "elasticloadbalancing:{region}:{account}:listener-rule/app/*/*/*/*",
        create: &["elasticloadbalancing:CreateRule", "elasticloadbalancing:AddTags"],
        update: &[
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:SetRulePriorities",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteRule"],
    },
    Actions {
        kind: "iam/role",
        resource: "iam::{account}:role/shipit/{application}/{environment}/{name}",
        // Whoever makes a role for tasks passes it to ECS.
        create: &[
            "iam:CreateRole",
            "iam:TagRole",
            "iam:AttachRolePolicy",
            "iam:PutRolePolicy",
            "iam:PassRole",
        ],
        update: &[
            "iam:UpdateRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:AttachRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePolicy",
            "iam:DeleteRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:DeleteRolePermissionsBoundary",
            "iam:TagRole",
            "iam:UntagRole",
        ],
        delete: &["iam:DetachRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole"],
    },
    Actions {
        kind: "logs/log-group",
        resource: "logs:{region}:{account}:log-group:*",
        create: &["logs:CreateLogGroup", "logs:TagResource", "logs:PutRetentionPolicy"],
        update: &[
            "logs:PutRetentionPolicy",
            "logs:DeleteRetentionPolicy",
            "logs:AssociateKmsKey",
            "logs:DisassociateKmsKey",
            "logs:TagResource",
            "logs:UntagResource",
        ],
        delete: &["logs:DeleteLogGroup"],
    },
    Actions {
        kind: "sns/topic",
        resource: "sns:{region}:{account}:{name}",
        create: &["sns:CreateTopic", "sns:TagResource", "sns:SetTopicAttributes"],
        update: &["sns:SetTopicAttributes", "sns:TagResource", "sns:UntagResource"],
        delete: &["sns:DeleteTopic"],
    },
    Actions {
        kind: "efs/file-system",
        resource: "elasticfilesystem:{region}:{account}:file-system/*",
        // Mount targets are part of it; EFS makes their network interfaces with the caller's rights.
        create: &[
            "elasticfilesystem:CreateFileSystem",
            "elasticfilesystem:TagResource",
            "elasticfilesystem:PutLifecycleConfiguration",
            "elasticfilesystem:PutBackupPolicy",
            "elasticfilesystem:CreateMountTarget",
            "ec2:DescribeSubnets",
            "ec2:DescribeNetworkInterfaces",
            "ec2:CreateNetworkInterface",
        ],
        update: &[
            "elasticfilesystem:UpdateFileSystem",
            "elasticfilesystem:UpdateFileSystemProtection",
            "elasticfilesystem:PutLifecycleConfiguration",
            "elasticfilesystem:PutBackupPolicy",
            "elasticfilesystem:PutFileSystemPolicy",
            "elasticfilesystem:DeleteFileSystemPolicy",
            "elasticfilesystem:CreateMountTarget",
            "elasticfilesystem:DeleteMountTarget",
            "elasticfilesystem:ModifyMountTargetSecurityGroups",
            "elasticfilesystem:TagResource",
            "elasticfilesystem:UntagResource",
        ],
        delete: &["elasticfilesystem:DeleteMountTarget", "elasticfilesystem:DeleteFileSystem"],
    },
    Actions {
        kind: "efs/access-point",
        resource: "elasticfilesystem:{region}:{account}:access-point/*",
        create: &["elasticfilesystem:CreateAccessPoint", "elasticfilesystem:TagResource"],
        update: &["elasticfilesystem:TagResource", "elasticfilesystem:UntagResource"],
        delete: &["elasticfilesystem:DeleteAccessPoint"],
    },
    Actions {
        kind: "iam/instance-profile",
        resource: "iam::{account}:instance-profile/shipit/{application}/{environment}/{name}",
        create: &[
            "iam:CreateInstanceProfile",
            "iam:TagInstanceProfile",
            "iam:AddRoleToInstanceProfile",
        ],
        update: &[
            "iam:AddRoleToInstanceProfile",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:TagInstanceProfile",
            "iam:UntagInstanceProfile",
        ],
        delete: &["iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
    },
    Actions {
        kind: "ec2/launch-template",
        resource: "*",
        create: &["ec2:CreateLaunchTemplate", "ec2:CreateTags"],
        update: &[
            "ec2:CreateLaunchTemplateVersion",
            "ec2:ModifyLaunchTemplate",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DeleteLaunchTemplate"],
    },
    Actions {
        kind: "autoscaling/group",
        resource: "*",
        create: &[
            "autoscaling:CreateAutoScalingGroup",
            "autoscaling:CreateOrUpdateTags",
            "iam:PassRole",
        ],
        update: &[
            "autoscaling:UpdateAutoScalingGroup",
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:DeleteTags",
        ],
        delete: &["autoscaling:DeleteAutoScalingGroup"],
    },
    Actions {
        kind: "ecs/capacity-provider",
        resource: "*",
        create: &[
            "ecs:CreateCapacityProvider",
            "ecs:TagResource",
            "ecs:PutClusterCapacityProviders",
            "iam:PassRole",
        ],
        update: &[
            "ecs:UpdateCapacityProvider",
            "ecs:PutClusterCapacityProviders",
            "ecs:TagResource",
            "ecs:UntagResource",
        ],
        delete: &["ecs:PutClusterCapacityProviders", "ecs:DeleteCapacityProvider"],
    },
    Actions {
        kind: "sqs/queue",
        resource: "sqs:{region}:{account}:{name}",
        // A queue's subscriptions to topics are part of it.
        create: &["sqs:CreateQueue", "sqs:TagQueue", "sns:Subscribe"],
        update: &[
            "sqs:SetQueueAttributes",
            "sqs:TagQueue",
            "sqs:UntagQueue",
            "sns:Subscribe",
            "sns:SetSubscriptionAttributes",
            "sns:Unsubscribe",
        ],
        delete: &["sns:Unsubscribe", "sqs:DeleteQueue"],
    },
    Actions {
        kind: "scheduler/schedule",
        resource: "scheduler:{region}:{account}:schedule*/{name}",
        create: &[
            "scheduler:CreateScheduleGroup",
            "scheduler:TagResource",
            "scheduler:CreateSchedule",
            "iam:PassRole",
        ],
        update: &[
            "scheduler:CreateSchedule",
            "scheduler:UpdateSchedule",
            "scheduler:TagResource",
            "scheduler:UntagResource",
            "iam:PassRole",
        ],
        delete: &["scheduler:DeleteScheduleGroup", "scheduler:DeleteSchedule"],
    },
];

/// The actions of a kind.
pub fn actions(kind: &str) -> Option<&'static Actions> {
    ACTIONS.iter().find(|actions| actions.kind == kind)
}
