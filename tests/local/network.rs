//! Time in EC2: what a NAT gateway goes through on a clock that the test moves.

use std::time::Duration;

use super::{account, between, ec2, start};

#[tokio::test]
async fn a_nat_gateway_lives_on_the_clock() {
    let clock = start();
    let local = account(&clock);
    let vpc = between(&ec2(&local, "Action=CreateVpc&CidrBlock=10.0.0.0/16").await, "<vpcId>", "<");
    let subnet =
        ec2(&local, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.0.0/24")).await;
    let subnet = between(&subnet, "<subnetId>", "<");
    let gateway = ec2(&local, "Action=CreateInternetGateway").await;
    let gateway = between(&gateway, "<internetGatewayId>", "<");
    ec2(&local, &format!("Action=AttachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}"))
        .await;
    let address = between(&ec2(&local, "Action=AllocateAddress").await, "<allocationId>", "<");
    let create = format!("Action=CreateNatGateway&SubnetId={subnet}&AllocationId={address}");
    let nat = between(&ec2(&local, &create).await, "<natGatewayId>", "<");
    let state = async || {
        let found = ec2(&local, &format!("Action=DescribeNatGateways&NatGatewayId.1={nat}")).await;
        if found.contains("<Errors>") {
            between(&found, "<Code>", "<")
        } else {
            between(&found, "<state>", "<")
        }
    };
    let interfaces = async || {
        ec2(&local, "Action=DescribeNetworkInterfaces").await.matches("<macAddress>").count()
    };

    assert_eq!(state().await, "pending");
    clock.advance(Duration::from_secs(89));
    assert_eq!(state().await, "pending");
    clock.advance(Duration::from_secs(1));
    assert_eq!(state().await, "available");

    ec2(&local, &format!("Action=DeleteNatGateway&NatGatewayId={nat}")).await;
    assert_eq!((state().await.as_str(), interfaces().await), ("deleting", 1));
    let busy = ec2(&local, &format!("Action=DeleteSubnet&SubnetId={subnet}")).await;
    assert_eq!(between(&busy, "<Code>", "<"), "DependencyViolation");
    clock.advance(Duration::from_secs(50));
    assert_eq!((state().await.as_str(), interfaces().await), ("deleted", 0));
    let released = ec2(&local, &format!("Action=ReleaseAddress&AllocationId={address}")).await;
    assert!(released.contains("<return>true</return>"), "{released}");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(state().await, "NatGatewayNotFound");
}

#[tokio::test]
async fn a_public_nat_gateway_without_internet_fails() {
    let clock = start();
    let local = account(&clock);
    let vpc = between(&ec2(&local, "Action=CreateVpc&CidrBlock=10.0.0.0/16").await, "<vpcId>", "<");
    let subnet =
        ec2(&local, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.0.0/24")).await;
    let subnet = between(&subnet, "<subnetId>", "<");
    let address = between(&ec2(&local, "Action=AllocateAddress").await, "<allocationId>", "<");
    ec2(&local, &format!("Action=CreateNatGateway&SubnetId={subnet}&AllocationId={address}")).await;
    clock.advance(Duration::from_secs(90));
    let nat = ec2(&local, "Action=DescribeNatGateways").await;
    assert_eq!(between(&nat, "<failureCode>", "<"), "Gateway.NotAttached");
    let released = ec2(&local, &format!("Action=ReleaseAddress&AllocationId={address}")).await;
    assert!(released.contains("<return>true</return>"), "{released}");
}
