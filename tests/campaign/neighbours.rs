//! What others have in the account: something of every kind, also with names like ours and with part of our tags.

use serde_json::{Value, json};

use super::wire::Wire;

/// A trust policy that ECS tasks can use.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// Makes the neighbours of an application `demo` in its environment `test`.
pub(super) fn settle(wire: &Wire) {
    // A stranger, the same application's other environment, and another application of shipit's.
    neighbour(wire, "other", 1, &[]);
    neighbour(
        wire,
        "demo-test2",
        2,
        &[("shipit:application", "demo"), ("shipit:environment", "test2")],
    );
    neighbour(
        wire,
        "demo-testapi",
        3,
        &[("shipit:application", "demo-test"), ("shipit:environment", "test")],
    );
    lookalikes(wire);
}

/// Names that begin as ours do, and belong to nobody.
fn lookalikes(wire: &Wire) {
    for name in ["/shipit/demo/test/api-old", "/shipit/demo/test"] {
        wire.json("logs", "Logs_20140328.CreateLogGroup", &json!({"logGroupName": name}));
    }
    let role = |name: &str, path: &str| {
        let parameters = format!(
            "CreateRole&RoleName={name}&Path={path}&AssumeRolePolicyDocument={}",
            escaped(TRUST)
        );
        wire.query("iam", &parameters);
    };
    role("demo-test-api-execution-2", "/");
    role("demo-test-apitask", "/shipit/demo/test/");
    ecs(wire, "CreateCluster", &json!({"clusterName": "demo-test-main-2"}));
    ecs(wire, "RegisterTaskDefinition", &task_definition("demo-test-api2"));
    let parameters = json!({"Name": "/demo/test/parameter", "Value": "theirs", "Type": "String"});
    wire.json("ssm", "AmazonSSM.PutParameter", &parameters);
}

fn ecs(wire: &Wire, operation: &str, input: &Value) -> Value {
    wire.json("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), input)
}

fn task_definition(family: &str) -> Value {
    json!({
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "api", "image": "nginx", "essential": true}],
    })
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// One of every kind, with these tags.
fn neighbour(wire: &Wire, name: &str, number: u8, tags: &[(&str, &str)]) {
    let vpc = network(wire, name, number, tags);
    let arn = load_balancing(wire, name, &vpc, tags);
    let list = |key: &str, value: &str| -> Value {
        tags.iter().map(|(name, text)| json!({key: name, value: text})).collect()
    };
    let map: Value = tags.iter().map(|(name, text)| (name.to_string(), json!(text))).collect();
    let trust = escaped(TRUST);
    wire.query(
        "iam",
        &format!(
            "CreateRole&RoleName={name}-api&AssumeRolePolicyDocument={trust}{}",
            tagged("Tags.member", tags)
        ),
    );
    let group = json!({"logGroupName": format!("/shipit/{name}/api"), "tags": map});
    wire.json("logs", "Logs_20140328.CreateLogGroup", &group);
    let mut repository = json!({"repositoryName": format!("{name}/api")});
    repository["tags"] = list("Key", "Value");
    wire.json("ecr", "AmazonEC2ContainerRegistry_V20150921.CreateRepository", &repository);

    let both = |mut value: Value| {
        value["tags"] = list("key", "value");
        value
    };
    ecs(wire, "CreateCluster", &both(json!({"clusterName": name})));
    ecs(wire, "RegisterTaskDefinition", &both(task_definition(name)));
    let service = json!({
        "cluster": name,
        "serviceName": "demo-test-api",
        "taskDefinition": name,
        "desiredCount": 0,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": [vpc.subnets[0]]}},
        "loadBalancers": [{"targetGroupArn": arn, "containerName": "api", "containerPort": 80}],
    });
    let mut service = both(service);
    let mut definition = both(task_definition(&format!("{name}-web")));
    definition["containerDefinitions"][0]["portMappings"] = json!([{"containerPort": 80}]);
    ecs(wire, "RegisterTaskDefinition", &definition);
    service["taskDefinition"] = json!(format!("{name}-web"));
    ecs(wire, "CreateService", &service);

    let namespace =
        json!({"Name": format!("{name}.local"), "Vpc": vpc.id, "Tags": list("Key", "Value")});
    let sd = |operation: &str, input: &Value| {
        wire.json("servicediscovery", &format!("Route53AutoNaming_v20170314.{operation}"), input)
    };
    let operation = sd("CreatePrivateDnsNamespace", &namespace);
    let operation = sd("GetOperation", &json!({"OperationId": operation["OperationId"]}));
    let id = &operation["Operation"]["Targets"]["NAMESPACE"];
    let service = json!({
        "Name": "api",
        "NamespaceId": id,
        "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 10}]},
        "Tags": list("Key", "Value"),
    });
    sd("CreateService", &service);

    let target = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": format!("service/{name}/demo-test-api"),
        "ScalableDimension": "ecs:service:DesiredCount",
    });
    let with = |more: Value| {
        let mut all = target.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let scaling = |operation: &str, input: &Value| {
        wire.json("application-autoscaling", &format!("AnyScaleFrontendService.{operation}"), input)
    };
    scaling(
        "RegisterScalableTarget",
        &with(json!({"MinCapacity": 0, "MaxCapacity": 1, "Tags": map})),
    );
    let policy = json!({
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    });
    scaling("PutScalingPolicy", &with(policy));
}

/// A network of somebody's.
struct Vpc {
    id: String,
    subnets: Vec<String>,
    group: String,
}

fn network(wire: &Wire, name: &str, number: u8, tags: &[(&str, &str)]) -> Vpc {
    let tagged = |kind: &str| {
        let mut tags = tags.to_vec();
        tags.push(("Name", name));
        let list = tagged("TagSpecification.1.Tag", &tags).replace(".Tag.member", ".Tag");
        format!("&TagSpecification.1.ResourceType={kind}{list}")
    };
    let ec2 = |parameters: &str| wire.query("ec2", parameters);
    let id = |answer: &Value, of: &str, id: &str| answer[of][id].as_str().unwrap().to_owned();
    let vpc = ec2(&format!("CreateVpc&CidrBlock=172.{}.0.0/16{}", 16 + number, tagged("vpc")));
    let vpc = id(&vpc, "vpc", "vpcId");
    let subnets: Vec<String> = [("a", 0), ("b", 16)]
        .iter()
        .map(|(zone, third)| {
            let block = format!("172.{}.{third}.0/20", 16 + number);
            let subnet = ec2(&format!(
                "CreateSubnet&VpcId={vpc}&CidrBlock={block}&AvailabilityZone=eu-west-1{zone}{}",
                tagged("subnet")
            ));
            id(&subnet, "subnet", "subnetId")
        })
        .collect();
    let gateway = ec2(
        &format!("CreateInternetGateway&X=1{}", tagged("internet-gateway")).replace("&X=1", "")
    );
    let gateway = id(&gateway, "internetGateway", "internetGatewayId");
    ec2(&format!("AttachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}"));
    let table = ec2(&format!("CreateRouteTable&VpcId={vpc}{}", tagged("route-table")));
    let table = id(&table, "routeTable", "routeTableId");
    ec2(&format!(
        "CreateRoute&RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"
    ));
    ec2(&format!("AssociateRouteTable&RouteTableId={table}&SubnetId={}", subnets[0]));
    let group = ec2(&format!(
        "CreateSecurityGroup&GroupName=demo-test-environment&GroupDescription=theirs&VpcId={vpc}{}",
        tagged("security-group")
    ));
    let group = group["groupId"].as_str().unwrap().to_owned();
    ec2(&format!(
        "AuthorizeSecurityGroupIngress&GroupId={group}&IpPermissions.1.IpProtocol=tcp\
         &IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0{}",
        tagged("security-group-rule")
    ));
    let address = ec2(&format!("AllocateAddress&Domain=vpc{}", tagged("elastic-ip")));
    ec2(&format!(
        "CreateNatGateway&SubnetId={}&AllocationId={}{}",
        subnets[0],
        address["allocationId"].as_str().unwrap(),
        tagged("natgateway")
    ));
    Vpc { id: vpc, subnets, group }
}

/// `&PREFIX.1.Key=…&PREFIX.1.Value=…`, for the query protocols.
fn tagged(prefix: &str, tags: &[(&str, &str)]) -> String {
    let one = |(at, (key, value)): (usize, &(&str, &str))| {
        let at = at + 1;
        format!("&{prefix}.{at}.Key={}&{prefix}.{at}.Value={}", escaped(key), escaped(value))
    };
    tags.iter().enumerate().map(one).collect()
}

/// A load balancer that forwards to a target group, whose ARN this returns.
fn load_balancing(wire: &Wire, name: &str, vpc: &Vpc, tags: &[(&str, &str)]) -> String {
    let call = |parameters: String| {
        wire.query("elasticloadbalancing", &format!("{parameters}{}", tagged("Tags.member", tags)))
    };
    let first = |answer: &Value, of: &str, id: &str| answer[of][0][id].as_str().unwrap().to_owned();
    let group = call(format!(
        "CreateTargetGroup&Name={name}-api&Protocol=HTTP&Port=80&TargetType=ip&VpcId={}",
        vpc.id
    ));
    let group = first(&group, "TargetGroups", "TargetGroupArn");
    let balancer = call(format!(
        "CreateLoadBalancer&Name={name}-public&Subnets.member.1={}&Subnets.member.2={}\
         &SecurityGroups.member.1={}",
        vpc.subnets[0], vpc.subnets[1], vpc.group
    ));
    let balancer = first(&balancer, "LoadBalancers", "LoadBalancerArn");
    let listener = call(format!(
        "CreateListener&LoadBalancerArn={balancer}&Protocol=HTTP&Port=80\
         &DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={group}"
    ));
    let listener = first(&listener, "Listeners", "ListenerArn");
    call(format!(
        "CreateRule&ListenerArn={listener}&Priority=1&Conditions.member.1.Field=path-pattern\
         &Conditions.member.1.PathPatternConfig.Values.member.1=/theirs\
         &Actions.member.1.Type=forward&Actions.member.1.TargetGroupArn={group}"
    ));
    group
}
