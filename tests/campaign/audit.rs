//! Everything that is in an account, read through the wire, and judged.
//!
//! What bears the run's tags, or refers to something that does, is *ours*; all else is not. Ours must be what an undisturbed
//! run leaves, each once; all else must be, byte for byte, what was there before.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::wire::Wire;

/// One thing in the account.
#[derive(Debug, Clone)]
pub(super) struct Item {
    kind: &'static str,
    id: String,
    /// Everything that AWS says about it.
    content: Value,
}

/// Everything in an account.
#[derive(Debug, Clone)]
pub(super) struct Inventory {
    items: Vec<Item>,
}

/// What differs from what should be there.
pub(super) fn compare(before: &Inventory, expected: &Inventory, found: &Inventory) -> Vec<String> {
    let (should, _) = expected.split();
    let (ours, others) = found.split();
    let mut problems = differences(&labels(&should), &labels(&ours));
    let (_, were) = before.split();
    problems.extend(differences(&contents(&were), &contents(&others)));
    problems
}

/// How often each text occurs.
type Counts = BTreeMap<String, usize>;

fn differences(should: &Counts, are: &Counts) -> Vec<String> {
    let more = |these: &Counts, those: &Counts| -> Vec<String> {
        let surplus = these.iter().flat_map(|(what, count)| {
            let other = those.get(what).copied().unwrap_or_default();
            std::iter::repeat_n(what.clone(), count.saturating_sub(other))
        });
        surplus.collect()
    };
    let (missing, mut surplus) = (more(should, are), more(are, should));
    let mut problems = Vec::new();
    for one in missing {
        let kind = |text: &str| text.split(' ').next().map(str::to_owned);
        match surplus.iter().position(|other| kind(other) == kind(&one)) {
            Some(at) => problems.push(difference(&one, &surplus.remove(at))),
            None => problems.push(format!("missing: {}", cut(&one, 0))),
        }
    }
    problems.extend(surplus.iter().map(|one| format!("too much: {}", cut(one, 0))));
    problems
}

/// Where two texts begin to differ.
fn difference(should: &str, is: &str) -> String {
    let same = should.bytes().zip(is.bytes()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(60);
    format!("differs: {} …{}… is …{}…", cut(should, 0), cut(should, from), cut(is, from))
}

/// Some of a text, which is ASCII.
fn cut(text: &str, from: usize) -> &str {
    text.get(from..(from + 160).min(text.len())).unwrap_or(text)
}

fn count(texts: impl Iterator<Item = String>) -> Counts {
    let mut counts = Counts::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    counts
}

fn contents(items: &[&Item]) -> Counts {
    count(items.iter().map(|item| format!("{} {} {}", item.kind, item.id, item.content)))
}

/// Ours, with ids that AWS makes up, times and addresses taken out.
fn labels(items: &[&Item]) -> Counts {
    count(items.iter().map(|item| {
        let mut content = item.content.clone();
        settle(&mut content);
        format!("{} {content}", item.kind)
    }))
}

/// Names of members that hold a time, a count that moves, or something that AWS makes up.
const MOVING: &[&str] = &[
    "Alarms",
    "autoScalingGroups",
    "CreatorRequestId",
    "DNSName",
    "availableIpAddressCount",
    "clientToken",
    "certificateAuthority",
    "currentServiceDeployment",
    "endpoint",
    "events",
    "id",
    "identity",
    "macAddress",
    "privateDnsName",
    "revision",
];

fn settle(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !MOVING.contains(&name.as_str()) && !is_time(name));
            members.values_mut().for_each(settle);
        }
        Value::Array(list) => {
            list.iter_mut().for_each(settle);
            list.sort_by_key(Value::to_string);
        }
        Value::String(text) => *text = plain(text),
        _ => {}
    }
}

fn is_time(name: &str) -> bool {
    ["Time", "Date", "At"].iter().any(|end| name.ends_with(end))
}

/// A text with each made-up id, and each address of a network interface, replaced by `#`.
fn plain(text: &str) -> String {
    if let Ok(document) = serde_json::from_str::<Value>(text)
        && document.is_object()
    {
        let mut document = document;
        settle(&mut document);
        return document.to_string();
    }
    let mut out = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '.') {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let quad = word.split('.').count() == 4
            && word.split('.').all(|number| number.parse::<u8>().is_ok())
            && !part.ends_with('/');
        // The middle of a UUID whose first part was made up is, too.
        let of_uuid =
            out.ends_with("#-") && word.len() == 4 && u16::from_str_radix(word, 16).is_ok();
        let made_up = of_uuid || word.len() >= 8 && digits > 0 && !word.contains('.');
        // Names of load balancers end with a number of their own: `demo-1857110737.eu-west-1.elb.amazonaws.com`.
        let number = word.split('.').next().unwrap_or_default();
        let of_name = number.len() >= 8 && number.bytes().all(|byte| byte.is_ascii_digit());
        if (quad && !word.ends_with(".0")) || made_up || of_name {
            out.push('#');
            out.push_str(&part[word.len()..]);
        } else {
            out.push_str(part);
        }
    }
    // The number of a revision, or of a generation, tells how it came to be and not what it is.
    match out.rsplit_once(':') {
        Some((family, number))
            if family.contains("task-definition/") && number.parse::<u32>().is_ok() =>
        {
            format!("{family}:#")
        }
        _ => out,
    }
}

impl Inventory {
    /// Ours, and the others.
    fn split(&self) -> (Vec<&Item>, Vec<&Item>) {
        let mut ours: Vec<bool> = self.items.iter().map(is_tagged).collect();
        let texts: Vec<String> = self.items.iter().map(|item| item.content.to_string()).collect();
        loop {
            let refers = |text: &str| {
                let mut of_ours = self.items.iter().zip(&ours).filter(|(_, ours)| **ours);
                of_ours.any(|(item, _)| text.contains(&format!("\"{}\"", item.id)))
            };
            let more: Vec<bool> =
                texts.iter().zip(&ours).map(|(text, is)| *is || refers(text)).collect();
            if more == ours {
                break;
            }
            ours = more;
        }
        let pick = |is: bool| {
            let items = self.items.iter().zip(&ours);
            items.filter(|(_, ours)| **ours == is).map(|(item, _)| item).collect()
        };
        (pick(true), pick(false))
    }

    /// One more thing.
    pub(super) fn add(&mut self, kind: &'static str, id: String, content: Value) {
        self.items.push(Item { kind, id, content });
    }

    /// What it would be under another name.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        for item in &mut self.items {
            item.id = item.id.replace(from, to);
            item.content = item.content.to_string().replace(from, to).parse().unwrap();
        }
    }

    /// How many things there are.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The kinds of things there are.
    pub(super) fn kinds(&self) -> std::collections::BTreeSet<&'static str> {
        self.items.iter().map(|item| item.kind).collect()
    }

    /// How many things there are that no run of ours made.
    pub(super) fn others(&self) -> usize {
        self.split().1.len()
    }
}

fn is_tagged(item: &Item) -> bool {
    tag(&item.content, "shipit:application").is_some_and(|value| value == "demo")
        && tag(&item.content, "shipit:environment").is_some_and(|value| value == "test")
}

/// A tag's value, in whichever form a service writes tags.
fn tag(content: &Value, key: &str) -> Option<String> {
    let tags = ["tagSet", "Tags", "tags"].iter().find_map(|name| content.get(*name))?;
    match tags {
        Value::Object(tags) => Some(tags.get(key)?.as_str()?.to_owned()),
        Value::Array(list) => list.iter().find_map(|tag| {
            let name = tag.get("key").or_else(|| tag.get("Key"))?;
            let value = tag.get("value").or_else(|| tag.get("Value"))?;
            (name.as_str()? == key).then(|| value.as_str().unwrap_or_default().to_owned())
        }),
        _ => None,
    }
}

/// Reads everything that is in an account in which this is our application.
pub(super) fn inventory(wire: &Wire, application: &str) -> Inventory {
    let mut all = Reader { wire, application, items: Vec::new() };
    all.ec2();
    all.iam();
    all.elbv2();
    all.ecs();
    all.servicediscovery();
    all.stores();
    all.scaling();
    all.eks();
    Inventory { items: all.items }
}

struct Reader<'a> {
    wire: &'a Wire,
    application: &'a str,
    items: Vec<Item>,
}

fn list(answer: &Value, name: &str) -> Vec<Value> {
    match answer.get(name) {
        Some(Value::Array(list)) => list.clone(),
        _ => Vec::new(),
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Reader<'_> {
    fn add(&mut self, kind: &'static str, id: String, content: Value) {
        assert!(!id.is_empty(), "{kind}: {content}");
        self.items.push(Item { kind, id, content });
    }

    fn ec2(&mut self) {
        for (kind, operation, set, id) in [
            ("vpc", "DescribeVpcs", "vpcSet", "vpcId"),
            ("subnet", "DescribeSubnets", "subnetSet", "subnetId"),
            (
                "internet-gateway",
                "DescribeInternetGateways",
                "internetGatewaySet",
                "internetGatewayId",
            ),
            ("route-table", "DescribeRouteTables", "routeTableSet", "routeTableId"),
            ("security-group", "DescribeSecurityGroups", "securityGroupInfo", "groupId"),
            (
                "security-group-rule",
                "DescribeSecurityGroupRules",
                "securityGroupRuleSet",
                "securityGroupRuleId",
            ),
            ("address", "DescribeAddresses", "addressesSet", "allocationId"),
            ("nat-gateway", "DescribeNatGateways", "natGatewaySet", "natGatewayId"),
            (
                "network-interface",
                "DescribeNetworkInterfaces",
                "networkInterfaceSet",
                "networkInterfaceId",
            ),
        ] {
            let answer = self.wire.query("ec2", operation);
            for item in list(&answer, set) {
                // AWS shows a deleted gateway for an hour.
                if text(&item, "state") != "deleted" {
                    self.add(kind, text(&item, id), item);
                }
            }
        }
    }

    fn iam(&mut self) {
        for mut role in list(&self.wire.query("iam", "ListRoles&MaxItems=1000"), "Roles") {
            let name = text(&role, "RoleName");
            for (member, operation) in [
                ("Tags", "ListRoleTags"),
                ("AttachedPolicies", "ListAttachedRolePolicies"),
                ("PolicyNames", "ListRolePolicies"),
            ] {
                let answer = self.wire.query("iam", &format!("{operation}&RoleName={name}"));
                role[member] = Value::from(list(&answer, member));
            }
            for policy in list(&role, "PolicyNames") {
                let policy = policy.as_str().unwrap();
                let parameters = format!("GetRolePolicy&RoleName={name}&PolicyName={policy}");
                role[policy] = self.wire.query("iam", &parameters);
            }
            self.add("role", text(&role, "Arn"), role);
        }
    }

    fn elbv2(&mut self) {
        let call = |parameters: &str| self.wire.query("elasticloadbalancing", parameters);
        let tags = |arn: &str| {
            let answer = call(&format!("DescribeTags&ResourceArns.member.1={arn}"));
            Value::from(list(&list(&answer, "TagDescriptions")[0], "Tags"))
        };
        let mut found = Vec::new();
        for mut group in list(&call("DescribeTargetGroups"), "TargetGroups") {
            let arn = text(&group, "TargetGroupArn");
            group["Tags"] = tags(&arn);
            group["Attributes"] =
                call(&format!("DescribeTargetGroupAttributes&TargetGroupArn={arn}"));
            group["Health"] = call(&format!("DescribeTargetHealth&TargetGroupArn={arn}"));
            found.push(("target-group", arn, group));
        }
        for mut balancer in list(&call("DescribeLoadBalancers"), "LoadBalancers") {
            let arn = text(&balancer, "LoadBalancerArn");
            balancer["Tags"] = tags(&arn);
            balancer["Attributes"] =
                call(&format!("DescribeLoadBalancerAttributes&LoadBalancerArn={arn}"));
            for mut listener in
                list(&call(&format!("DescribeListeners&LoadBalancerArn={arn}")), "Listeners")
            {
                let arn = text(&listener, "ListenerArn");
                listener["Tags"] = tags(&arn);
                listener["Attributes"] =
                    call(&format!("DescribeListenerAttributes&ListenerArn={arn}"));
                for mut rule in list(&call(&format!("DescribeRules&ListenerArn={arn}")), "Rules") {
                    let arn = text(&rule, "RuleArn");
                    rule["Tags"] = tags(&arn);
                    rule["Listener"] = listener["ListenerArn"].clone();
                    found.push(("listener-rule", arn, rule));
                }
                found.push(("listener", arn, listener));
            }
            found.push(("load-balancer", arn, balancer));
        }
        for (kind, arn, item) in found {
            self.add(kind, arn, item);
        }
    }

    fn ecs(&mut self) {
        let call = |operation: &str, input: Value| {
            let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
            self.wire.json("ecs", &target, &input)
        };
        let mut found = Vec::new();
        for cluster in list(&call("ListClusters", json!({})), "clusterArns") {
            let include = ["TAGS", "SETTINGS", "CONFIGURATIONS"];
            let answer =
                call("DescribeClusters", json!({"clusters": [cluster], "include": include}));
            let described = list(&answer, "clusters").remove(0);
            let services = call("ListServices", json!({"cluster": cluster, "maxResults": 100}));
            for service in list(&services, "serviceArns") {
                let input = json!({"cluster": cluster, "services": [service], "include": ["TAGS"]});
                let described = list(&call("DescribeServices", input), "services").remove(0);
                found.push(("service", text(&described, "serviceArn"), described));
            }
            for task in list(&call("ListTasks", json!({"cluster": cluster})), "taskArns") {
                // Tasks come and go by themselves: which revision runs is what counts.
                let input = json!({"cluster": cluster, "tasks": [task]});
                let described = list(&call("DescribeTasks", input), "tasks").remove(0);
                let mut content = json!({"cluster": cluster});
                for member in ["lastStatus", "desiredStatus", "group", "taskDefinitionArn"] {
                    content[member] = described[member].clone();
                }
                found.push(("task", text(&described, "taskArn"), content));
            }
            found.push(("cluster", text(&described, "clusterArn"), described));
        }
        for definition in list(&call("ListTaskDefinitions", json!({})), "taskDefinitionArns") {
            let input = json!({"taskDefinition": definition, "include": ["TAGS"]});
            let answer = call("DescribeTaskDefinition", input);
            let mut described = answer["taskDefinition"].clone();
            described["tags"] = answer["tags"].clone();
            found.push(("task-definition", text(&described, "taskDefinitionArn"), described));
        }
        for (kind, arn, item) in found {
            self.add(kind, arn, item);
        }
    }

    fn servicediscovery(&mut self) {
        let call = |operation: &str, input: Value| {
            let target = format!("Route53AutoNaming_v20170314.{operation}");
            self.wire.json("servicediscovery", &target, &input)
        };
        let tags = |arn: &str| {
            Value::from(list(&call("ListTagsForResource", json!({"ResourceARN": arn})), "Tags"))
        };
        let mut found = Vec::new();
        for mut namespace in list(&call("ListNamespaces", json!({})), "Namespaces") {
            let arn = text(&namespace, "Arn");
            namespace["Tags"] = tags(&arn);
            found.push(("namespace", text(&namespace, "Id"), namespace));
        }
        for service in list(&call("ListServices", json!({})), "Services") {
            let answer = call("GetService", json!({"Id": service["Id"]}));
            let mut service = answer["Service"].clone();
            service["Tags"] = tags(&text(&service, "Arn"));
            found.push(("discovery-service", text(&service, "Id"), service));
        }
        for (kind, id, item) in found {
            self.add(kind, id, item);
        }
    }

    /// Clusters, and what lies in them.
    fn eks(&mut self) {
        let get = |path: &str| self.wire.get("eks", path);
        let text_of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut found = Vec::new();
        for name in list(&get("/clusters"), "clusters") {
            let at = format!("/clusters/{}", text_of(&name));
            let before = found.len();
            for (kind, path, names, one, arn) in [
                ("nodegroup", "node-groups", "nodegroups", "nodegroup", "nodegroupArn"),
                ("addon", "addons", "addons", "addon", "addonArn"),
                (
                    "access-entry",
                    "access-entries",
                    "accessEntries",
                    "accessEntry",
                    "accessEntryArn",
                ),
            ] {
                for name in list(&get(&format!("{at}/{path}")), names) {
                    let name = text_of(&name).replace('/', "%2F").replace(':', "%3A");
                    let mut content = get(&format!("{at}/{path}/{name}"))[one].clone();
                    if kind == "access-entry" {
                        content["policies"] = get(&format!("{at}/{path}/{name}/access-policies"));
                    }
                    found.push((kind, text(&content, arn), content));
                }
            }
            for one in list(&get(&format!("{at}/pod-identity-associations")), "associations") {
                let id = text(&one, "associationId");
                let answer = get(&format!("{at}/pod-identity-associations/{id}"));
                let content = answer["association"].clone();
                found.push(("pod-identity", text(&content, "associationArn"), content));
            }
            let content = get(&at)["cluster"].clone();
            // What EKS itself has put into it bears no tags.
            let of_this = found.iter_mut().skip(before);
            of_this.for_each(|(_, _, one)| one["cluster"] = content["arn"].clone());
            found.push(("kubernetes-cluster", text(&content, "arn"), content));
        }
        for (kind, id, item) in found {
            self.add(kind, id, item);
        }
    }

    /// Log groups, repositories, parameters.
    fn stores(&mut self) {
        let logs = |operation: &str, input: Value| {
            self.wire.json("logs", &format!("Logs_20140328.{operation}"), &input)
        };
        let ecr = |operation: &str, input: Value| {
            let target = format!("AmazonEC2ContainerRegistry_V20150921.{operation}");
            self.wire.json("ecr", &target, &input)
        };
        let mut found = Vec::new();
        for mut group in list(&logs("DescribeLogGroups", json!({})), "logGroups") {
            let arn = text(&group, "logGroupArn");
            group["tags"] =
                logs("ListTagsForResource", json!({"resourceArn": arn}))["tags"].clone();
            found.push(("log-group", arn, group));
        }
        for mut repository in list(&ecr("DescribeRepositories", json!({})), "repositories") {
            let arn = text(&repository, "repositoryArn");
            repository["tags"] =
                ecr("ListTagsForResource", json!({"resourceArn": arn}))["tags"].clone();
            found.push(("repository", arn, repository));
        }
        let answer = self.wire.json("ssm", "AmazonSSM.DescribeParameters", &json!({}));
        for parameter in list(&answer, "Parameters") {
            let name = text(&parameter, "Name");
            // What shipit notes for itself: locks and releases.
            if !name.starts_with(&format!("/shipit/{}/test/", self.application)) {
                found.push(("parameter", name, parameter));
            }
        }
        for (kind, id, item) in found {
            self.add(kind, id, item);
        }
    }

    fn scaling(&mut self) {
        let call = |operation: &str, input: Value| {
            let target = format!("AnyScaleFrontendService.{operation}");
            self.wire.json("application-autoscaling", &target, &input)
        };
        let of_ecs = json!({"ServiceNamespace": "ecs"});
        let mut found = Vec::new();
        for mut target in list(&call("DescribeScalableTargets", of_ecs.clone()), "ScalableTargets")
        {
            let arn = text(&target, "ScalableTargetARN");
            target["Tags"] =
                call("ListTagsForResource", json!({"ResourceARN": arn}))["Tags"].clone();
            found.push(("scalable-target", arn, target));
        }
        for mut policy in list(&call("DescribeScalingPolicies", of_ecs), "ScalingPolicies") {
            let of_policy =
                |target: &&(_, _, Value)| target.2["ResourceId"] == policy["ResourceId"];
            let target: Option<&(&str, String, Value)> = found.iter().find(of_policy);
            policy["Target"] =
                target.map_or(Value::Null, |target| target.2["ScalableTargetARN"].clone());
            found.push(("scaling-policy", text(&policy, "PolicyARN"), policy));
        }
        for (kind, id, item) in found {
            self.add(kind, id, item);
        }
    }
}
