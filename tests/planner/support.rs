//! Workspaces from text, plans of them, and plans as text or as what would be live.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::{Map, Value};
use shipit::engine::desired::references;
use shipit::engine::{
    Desired, Health, Identity, Live, Node, Observation, OutputRef, Owner, Seen, Wait,
};
use shipit::manifest::Workspace;
use shipit::planner::{self, ClusterVersions, Context, ExistingBalancer, HostedZone, Surroundings};

/// The example application of this name.
pub(super) fn example(name: &str) -> Workspace {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests").join(name);
    Workspace::load(&root, &|_| None).unwrap_or_else(|problems| panic!("{name}:\n{problems}"))
}

/// An application `demo` with an environment `test` in eu-west-1 and these services; each is its
/// name and what its manifest says after `name:`.
pub(super) fn workspace(services: &[(&str, &str)]) -> Workspace {
    workspace_in("", services)
}

/// The same, with more in the environment's manifest.
pub(super) fn workspace_in(environment: &str, services: &[(&str, &str)]) -> Workspace {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: String, text: String| {
        let path = folder.path().join("shipit").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("application.yml".to_owned(), "kind: application\nname: demo\n".to_owned());
    write(
        "environments/test.yml".to_owned(),
        format!("kind: environment\nname: test\nregion: eu-west-1\n{environment}"),
    );
    for (name, manifest) in services {
        write(format!("services/{name}.yml"), format!("kind: service\nname: {name}\n{manifest}"));
    }
    Workspace::load(folder.path(), &|_| None).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A web service that takes requests to `path`.
pub(super) fn web(path: &str) -> String {
    format!(
        "type: Load Balanced Web Service\nimage:\n  location: public.ecr.aws/nginx/nginx:1.27\n  \
         port: 80\nhttp:\n  path: {path}\n"
    )
}

/// A service that no load balancer serves.
pub(super) const BACKEND: &str = "type: Backend Service\nimage:\n  location: \
                                  public.ecr.aws/nginx/nginx:1.27\n  port: 80\n";

/// The plan of all services of the workspace, where nothing is live.
pub(super) fn plan(workspace: &Workspace, environment: &str) -> Desired {
    plan_beside(workspace, environment, &Observation::default())
}

/// The plan of all services of the workspace, beside what is live.
pub(super) fn plan_beside(workspace: &Workspace, environment: &str, live: &Observation) -> Desired {
    let services = workspace.services.iter().map(|service| service.name.clone()).collect();
    plan_of(workspace, environment, &services, live)
}

/// The plan of these services, beside what is live.
pub(super) fn plan_of(
    workspace: &Workspace,
    environment: &str,
    services: &BTreeSet<String>,
    live: &Observation,
) -> Desired {
    let zones: Vec<String> = ["a", "b", "c"].map(|zone| format!("eu-west-1{zone}")).into();
    // Whatever tags a service asks for: two subnets of the imported network's VPC bear them.
    let found = ["1", "2"]
        .map(|n| (format!("subnet-0ccccccccccccccc{n}"), "vpc-0a1b2c3d4e5f67890".to_owned()));
    let tagged = planner::tags_needed(workspace, environment, services)
        .into_iter()
        .map(|tags| (tags, found.to_vec()))
        .collect();
    let context = Context {
        workspace,
        environment,
        account: "123456789012",
        region: "eu-west-1",
        partition: "aws",
        zones: &zones,
        tagged: &tagged,
        surroundings: &surroundings(),
        services,
    };
    planner::desired(&context, live).unwrap_or_else(|failure| panic!("{failure}"))
}

/// An account with hosted zones, and a load balancer that somebody else has made.
pub(super) fn surroundings() -> Surroundings {
    let zone = |id: &str, name: &str| HostedZone { id: id.to_owned(), name: name.to_owned() };
    let listener = |port: u16| {
        Some(format!(
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/office/1/{port}"
        ))
    };
    let office = ExistingBalancer {
        full_name: "app/office/1".to_owned(),
        dns_name: "office-1.eu-west-1.elb.amazonaws.com".to_owned(),
        hosted_zone: "Z32O12XQLNTSW2".to_owned(),
        security_groups: vec!["sg-0office".to_owned()],
        http: listener(80),
        https: listener(443),
        priorities: BTreeSet::from([1, 2]),
    };
    Surroundings {
        lattice_prefix_list: Some("pl-0a1b2c3d4e5f67890".to_owned()),
        providers: None,
        zones: vec![zone("Z1EXAMPLE", "example.com"), zone("Z2EXAMPLE", "example.org")],
        balancers: BTreeMap::from([("office".to_owned(), office)]),
        namespaces: BTreeMap::new(),
        kubernetes: ClusterVersions { default: Some("1.35".to_owned()), addons: addons() },
        ..Surroundings::default()
    }
}

/// Versions of two add-ons, as EKS tells them.
fn addons() -> BTreeMap<String, BTreeMap<String, BTreeMap<String, bool>>> {
    let fits = |all: &[(&str, bool)]| {
        all.iter().map(|(version, default)| ((*version).to_owned(), *default)).collect()
    };
    let proxies = [
        ("v1.34.7-eksbuild.2".to_owned(), fits(&[("1.34", true)])),
        ("v1.35.4-eksbuild.2".to_owned(), fits(&[("1.35", true)])),
        ("v1.35.4-eksbuild.4".to_owned(), fits(&[("1.35", false)])),
    ];
    let dns = [("v1.12.4-eksbuild.1".to_owned(), fits(&[("1.34", true), ("1.35", true)]))];
    [("kube-proxy".to_owned(), proxies.into()), ("coredns".to_owned(), dns.into())].into()
}

/// What would be live once all of `desired` is there: each reference is `ADDRESS#FIELD`.
pub(super) fn live(desired: &Desired) -> Observation {
    let mut outputs: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for node in desired.nodes.values() {
        for reference in references(&node.spec) {
            let value = Value::String(format!("{}#{}", reference.address, reference.field));
            outputs
                .entry(reference.address.to_string())
                .or_default()
                .insert(reference.field.clone(), value);
        }
    }
    let mut seen = Seen::default();
    for node in desired.nodes.values() {
        let address = node.address.to_string();
        seen.kinds.entry(node.address.kind().to_owned()).or_default().push(Live {
            identity: Identity {
                application: "demo".to_owned(),
                environment: "test".to_owned(),
                owner: node.owner.clone(),
                address: node.address.clone(),
                generation: 1,
                run: String::new(),
            },
            spec: resolved(&node.spec),
            outputs: Value::Object(outputs.remove(&address).unwrap_or_default()),
            health: Health::Ready,
            id: address,
        });
    }
    Observation { seen, ..Observation::default() }
}

fn resolved(value: &Value) -> Value {
    if let Some(from) = OutputRef::from_value(value) {
        return Value::String(format!("{}#{}", from.address, from.field));
    }
    match value {
        Value::Array(items) => items.iter().map(resolved).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, field)| (key.clone(), resolved(field))).collect()
        }
        other => other.clone(),
    }
}

/// The graph as text: per resource its address and owner, what it waits for beyond its references, and
/// each field that is not empty. `→` is another resource's output, `⇒` one that must work by then.
pub(super) fn text(desired: &Desired) -> String {
    let mut text = String::new();
    for node in desired.nodes.values() {
        describe(node, &mut text);
    }
    text
}

fn describe(node: &Node, text: &mut String) {
    let _ = write!(text, "{}", node.address);
    if let Owner::Service(service) = &node.owner {
        let _ = write!(text, " of {service}");
    }
    if let Some(formerly) = &node.formerly {
        let _ = write!(text, ", formerly {formerly}");
    }
    text.push('\n');
    for edge in &node.after {
        let arrow = if edge.wait == Wait::Ready { "⇒" } else { "→" };
        let _ = writeln!(text, "  after {arrow} {}", edge.to);
    }
    leaves("", &node.spec, text);
}

fn leaves(path: &str, value: &Value, text: &mut String) {
    if let Some(from) = OutputRef::from_value(value) {
        let arrow = if from.wait == Wait::Ready { "⇒" } else { "→" };
        let _ = writeln!(text, "  {path}: {arrow} {} {}", from.address, from.field);
        return;
    }
    let below = |key: &str| {
        if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
    };
    match value {
        Value::Null => {}
        Value::String(word) if word.is_empty() => {}
        Value::String(word) => {
            let _ = writeln!(text, "  {path}: {word}");
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, field)| leaves(&below(key), field, text));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(&format!("{path}[{index}]"), item, text);
            }
        }
        other => {
            let _ = writeln!(text, "  {path}: {other}");
        }
    }
}

/// The priority of each listener rule, by its name.
pub(super) fn priorities(desired: &Desired) -> BTreeMap<String, i64> {
    desired
        .nodes
        .values()
        .filter(|node| node.address.kind() == "elbv2/listener-rule")
        .map(|node| (node.address.name().to_owned(), node.spec["priority"].as_i64().unwrap()))
        .collect()
}

/// The names of everything of one kind.
pub(super) fn names<'a>(desired: &'a Desired, kind: &str) -> Vec<&'a str> {
    desired
        .nodes
        .keys()
        .filter(|address| address.kind() == kind)
        .map(|address| address.name())
        .collect()
}
