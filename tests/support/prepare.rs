//! What an example application takes for granted: networks, zones, images and secrets that are there before it.

use shipit::aws::Cx;

use super::Workdir;

/// Makes what this example's environment needs, in local AWS or at the endpoint that its runs go to.
pub(crate) fn prepare(workdir: &Workdir, folder: &str, environment: &str) {
    match folder {
        "anywhere" => machines(workdir),
        "domains" => drop(workdir.by_hand(async |cx| zone(&cx, "example.com").await)),
        "files" => {
            workdir.write("key.txt", "open sesame\n");
            let local: &[&str] = if workdir.is_local() { &["--local"] } else { &[] };
            let init = ["secret", "init", "GALLERY_KEY", "--from-file", "key.txt"];
            workdir.shipit(&[local, &init].concat()).expect(0);
        }
        "imported-balancer" => drop(office(workdir)),
        "imported-vpc" => drop(network(workdir)),
        "private" => repository(workdir),
        "shop" => {
            let region = if environment == "production" { "eu-west-1" } else { "eu-central-1" };
            secret(workdir, region, &format!("/shop/{environment}/session-key"));
        }
        "patterns" => secret(workdir, "eu-west-1", "/patterns/cache-password"),
        _ => {}
    }
}

/// A secret in Parameter Store.
fn secret(workdir: &Workdir, region: &str, name: &str) {
    workdir.by_hand_in(region, async |cx| {
        let call = cx.ssm.put_parameter().name(name).value("secret");
        call.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.unwrap();
    });
}

/// Two machines outside AWS that have joined the cluster, one of them in a shop.
pub(crate) fn machines(workdir: &Workdir) {
    workdir.local(&["env", "deploy", "--yes"]).expect(0);
    let register = ["--format", "json", "env", "register", "--machines", "2"];
    let printed = workdir.local(&register).expect(0).json();
    let cluster = printed["cluster"].as_str().unwrap().to_owned();
    workdir.by_hand(async |cx| {
        for (id, place) in [("mi-0123456789abcdef0", "shop"), ("mi-0123456789abcdef1", "store")] {
            join(&cx, &cluster, id, place).await;
        }
    });
}

/// What the agent of a machine does when it starts.
async fn join(cx: &Cx, cluster: &str, id: &str, place: &str) {
    use aws_sdk_ecs::types::{Attribute, Resource};
    let amount = |name: &str, amount: i32| {
        Resource::builder().name(name).r#type("INTEGER").integer_value(amount).build()
    };
    let place = Attribute::builder().name("place").value(place).build().unwrap();
    let call = cx.ecs.register_container_instance().cluster(cluster);
    let call = call.instance_identity_document(format!("{{\"instanceId\":\"{id}\"}}"));
    let call = call.total_resources(amount("CPU", 4096)).total_resources(amount("MEMORY", 8192));
    call.attributes(place).send().await.unwrap();
}

/// A public hosted zone. Returns its id.
pub(crate) async fn zone(cx: &Cx, name: &str) -> String {
    let call = cx.route53.create_hosted_zone().name(name).caller_reference(name);
    let answer = call.send().await.unwrap();
    answer.hosted_zone().unwrap().id().rsplit('/').next().unwrap().to_owned()
}

/// The repository that the image of `private` is in.
pub(crate) fn repository(workdir: &Workdir) {
    workdir.by_hand(async |cx: Cx| {
        let name = "ledger/books";
        cx.ecr.create_repository().repository_name(name).send().await.unwrap();
        let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":1,"digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"layers":[]}"#;
        let image = cx.ecr.put_image().repository_name(name).image_tag("1.4.0");
        image.image_manifest(manifest).send().await.unwrap();
    });
}

/// A load balancer `office` that exists: the ARNs of its listeners, for HTTP and HTTPS.
pub(crate) fn office(workdir: &Workdir) -> Vec<String> {
    let known = workdir.is_local();
    let (vpc, subnets, listeners) = workdir.by_hand(async |cx| balancer(&cx, known).await);
    let environment = "shipit/environments/office.yml";
    workdir.edit(environment, "vpc-0a1b2c3d4e5f67890", &vpc);
    workdir.edit(environment, "subnet-0aaaaaaaaaaaaaaa1", &subnets[0]);
    workdir.edit(environment, "subnet-0aaaaaaaaaaaaaaa2", &subnets[1]);
    listeners
}

/// A network with a load balancer `office` in it; returns its VPC, subnets and listeners.
async fn balancer(cx: &Cx, any_certificate: bool) -> (String, [String; 2], Vec<String>) {
    use aws_sdk_elasticloadbalancingv2::types as elb;
    let vpc = cx.ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
    let vpc = vpc.vpc().unwrap().vpc_id().unwrap().to_owned();
    let gateway = cx.ec2.create_internet_gateway().send().await.unwrap();
    let gateway = gateway.internet_gateway().unwrap().internet_gateway_id().unwrap().to_owned();
    let attach = cx.ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc);
    attach.send().await.unwrap();
    let tables = cx.ec2.describe_route_tables().send().await.unwrap();
    let main = tables.route_tables().iter().find(|it| it.vpc_id() == Some(&vpc)).unwrap();
    let route = cx.ec2.create_route().route_table_id(main.route_table_id().unwrap());
    route.gateway_id(&gateway).destination_cidr_block("0.0.0.0/0").send().await.unwrap();
    let mut subnets = Vec::new();
    for (number, zone) in [(0, "a"), (1, "b")] {
        let call = cx.ec2.create_subnet().vpc_id(&vpc).cidr_block(format!("10.0.{number}.0/24"));
        let made = call.availability_zone(format!("eu-west-1{zone}")).send().await.unwrap();
        subnets.push(made.subnet().unwrap().subnet_id().unwrap().to_owned());
    }
    let call = cx.elbv2.create_load_balancer().name("office").set_subnets(Some(subnets.clone()));
    let made = call.send().await.unwrap();
    let balancer = made.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
    let arn = match any_certificate {
        true => "arn:aws:acm:eu-west-1:123456789012:certificate/office".to_owned(),
        false => {
            let call = cx.acm.request_certificate().domain_name("intranet.example.com");
            call.send().await.unwrap().certificate_arn().unwrap().to_owned()
        }
    };
    let mut listeners = Vec::new();
    for (port, protocol) in [(80, "HTTP"), (443, "HTTPS")] {
        let answer = elb::FixedResponseActionConfig::builder().status_code("404").build();
        let action = elb::Action::builder()
            .r#type(elb::ActionTypeEnum::FixedResponse)
            .fixed_response_config(answer)
            .build();
        let certificate = (protocol == "HTTPS")
            .then(|| vec![elb::Certificate::builder().certificate_arn(&arn).build()]);
        let call = cx.elbv2.create_listener().load_balancer_arn(&balancer).port(port);
        let call = call.protocol(protocol.into()).default_actions(action);
        let made = call.set_certificates(certificate).send().await.unwrap();
        listeners.push(made.listeners()[0].listener_arn().unwrap().to_owned());
    }
    (vpc, subnets.try_into().unwrap(), listeners)
}

/// Makes the cluster and the network that `imported-vpc` names, and puts its ids into the manifests. Returns the two subnets
/// that bear its tags, and the id of another VPC that has one such, too.
pub(crate) fn network(workdir: &Workdir) -> ([String; 2], String) {
    use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
    let (vpc, subnets, group, other) = workdir.by_hand_in("us-east-1", async |cx: Cx| {
        let cluster = cx.ecs.create_cluster().cluster_name("office");
        cluster.capacity_providers("FARGATE").send().await.unwrap();
        let ec2 = &cx.ec2;
        let mut vpcs = Vec::new();
        for _ in 0..2 {
            let made = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
            vpcs.push(made.vpc.unwrap().vpc_id.unwrap());
        }
        let [vpc, other] = [vpcs[0].clone(), vpcs[1].clone()];
        for names in [true, false] {
            let on = aws_sdk_ec2::types::AttributeBooleanValue::builder().value(true).build();
            let call = ec2.modify_vpc_attribute().vpc_id(&vpc);
            let call =
                if names { call.enable_dns_support(on) } else { call.enable_dns_hostnames(on) };
            call.send().await.unwrap();
        }
        let mut subnets = Vec::new();
        for (index, (of, zone, tier)) in [
            (&vpc, "a", ""),
            (&vpc, "b", ""),
            (&vpc, "a", ""),
            (&vpc, "b", ""),
            (&vpc, "a", "application"),
            (&vpc, "b", "application"),
            (&other, "a", "application"),
        ]
        .into_iter()
        .enumerate()
        {
            let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
            let tags = TagSpecification::builder().resource_type(ResourceType::Subnet);
            let tags = tags.tags(tag("tier", tier)).tags(tag("stage", "all")).build();
            let call = ec2.create_subnet().vpc_id(of).cidr_block(format!("10.0.{index}.0/24"));
            let call = call.availability_zone(format!("us-east-1{zone}")).tag_specifications(tags);
            subnets.push(call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap());
        }
        // Private subnets follow the main table, through a NAT gateway.
        let internet = ec2.create_internet_gateway().send().await.unwrap();
        let internet = internet.internet_gateway.unwrap().internet_gateway_id.unwrap();
        let attach = ec2.attach_internet_gateway().vpc_id(&vpc).internet_gateway_id(internet);
        attach.send().await.unwrap();
        let address = ec2.allocate_address().send().await.unwrap().allocation_id.unwrap();
        let nat = ec2.create_nat_gateway().subnet_id(&subnets[0]).allocation_id(address);
        let nat = nat.send().await.unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap();
        let tables = ec2.describe_route_tables().send().await.unwrap();
        let main = tables.route_tables().iter().find(|it| it.vpc_id() == Some(&vpc)).unwrap();
        let route = ec2.create_route().destination_cidr_block("0.0.0.0/0").nat_gateway_id(nat);
        route.route_table_id(main.route_table_id().unwrap()).send().await.unwrap();
        let group = ec2.create_security_group().group_name("wiki").description("wiki").vpc_id(&vpc);
        let group = group.send().await.unwrap().group_id.unwrap();
        (vpc, subnets, group, other)
    });
    let environment = "shipit/environments/office.yml";
    workdir.edit(environment, "profile: office\n", "");
    workdir.edit(environment, "vpc-0a1b2c3d4e5f67890", &vpc);
    for (at, old) in [
        "subnet-0aaaaaaaaaaaaaaa1",
        "subnet-0aaaaaaaaaaaaaaa2",
        "subnet-0bbbbbbbbbbbbbbb1",
        "subnet-0bbbbbbbbbbbbbbb2",
    ]
    .iter()
    .enumerate()
    {
        workdir.edit(environment, old, &subnets[at]);
    }
    workdir.edit("shipit/services/wiki.yml", "sg-0c1c2c3c4c5c6c7c8", &group);
    ([subnets[4].clone(), subnets[5].clone()], other)
}
