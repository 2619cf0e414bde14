//! Manifests that use App Mesh as manifests that use what succeeded it.
//!
//! The text stays as it was written, comments and all; only what belongs to the mesh goes, and what takes its place comes.
//! Each thing that is lost is named. Finding and writing files is not done here.

use super::Kind;
use super::mesh::MeshType;
use super::problem::{Problem, Problems, Source};
use super::yaml::{Entry, Node, Value, parse};

/// One manifest, rewritten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// Its whole text.
    pub text: String,
    /// What is lost, one thing each: where it stood, and what becomes of it.
    pub lost: Vec<Lost>,
}

/// Something that has no equal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Lost {
    /// `shipit/services/api.yml:12`.
    pub place: String,
    /// `mesh.routes[0].retries`.
    pub key: String,
    /// What becomes of it.
    pub why: &'static str,
}

/// Keys below `mesh` of a service, in lists without their index: what becomes of them in Service Connect. All go; the
/// protocol and timeouts are said below `network.connect` instead, and `calls` stays.
const CONNECT: &[(&str, &str)] = &[
    ("port", "the port of the image is the one that others call"),
    ("healthcheck", "proxies do not ask tasks how they are; `image.healthcheck` tells ECS"),
    (
        "outlier_detection",
        "Service Connect leaves tasks out by rules of its own, which cannot be set",
    ),
    ("connection_pool", "nothing limits how much a task takes at once"),
    ("tls", "calls are not encrypted"),
    ("client_tls", "calls are not encrypted, and nobody's certificate is checked"),
    ("additional_listeners", "only the port of the image is called by name"),
    ("discovery", "proxies find each other as ECS tells them"),
    (
        "access_log",
        "no line is written for each call: `network.connect.access_logs` has them in the service's log group",
    ),
    ("calls.tls", "the call is not encrypted"),
    ("envoy", "the proxy is ECS's own: image, size and variables cannot be set"),
    ("routes.match", "calls cannot be told apart by path, method, header or query"),
    (
        "routes.to",
        "shares are gone: every call goes to the service itself, and new versions come by deployment",
    ),
    ("routes.retries", "calls are tried again by rules of the proxy's own, which cannot be set"),
    ("routes.timeout", "Service Connect's own timeouts hold"),
    ("routes.priority", "there are no routes to order"),
    (
        "gateway",
        "there is no gateway: its image, Envoy, has nothing to do; put a proxy of your own (nginx) in its place, or let the load balancer reach the services",
    ),
];

/// The same for VPC Lattice, where all other keys stay.
const LATTICE: &[(&str, &str)] = &[
    ("timeout", "Lattice's own timeouts hold"),
    ("outlier_detection", "tasks are left out by health checks alone"),
    ("connection_pool", "nothing limits how much a task takes at once"),
    ("tls", "Lattice ends TLS itself, with a certificate of its own"),
    ("client_tls", "nobody's certificate is checked by a proxy"),
    ("additional_listeners", "only the port of the image is called by name"),
    ("discovery", "Lattice knows the tasks from ECS"),
    (
        "access_log",
        "there is no proxy that writes a line for each call: `mesh.access_logs` of the environment does",
    ),
    ("calls.tls", "nobody's certificate is checked by a proxy"),
    ("envoy", "there is no proxy"),
    ("routes.retries", "no call is tried again"),
    ("routes.timeout", "Lattice's own timeouts hold"),
    (
        "gateway",
        "there is no gateway: its image, Envoy, has nothing to do; put a proxy of your own (nginx) in its place, or let the load balancer reach the services",
    ),
];

/// Keys below `mesh` of an environment.
const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "egress",
        "services may call anything: security groups and `network.vpc.security_group.egress` limit it",
    ),
    ("hosts", "hosts outside are called without the mesh"),
    ("ip_preference", "addresses are used as DNS gives them"),
];

/// What VPC Lattice cannot look at: a route that does is gone as a whole, as it would be for more calls without.
const UNSEEN: &[&str] = &["query", "port", "service", "scheme"];

/// Rewrites one manifest, `bytes` at `path`; `None` where it says nothing of a mesh. With `names`, services keep the names
/// in Cloud Map's default namespace by which others call them.
///
/// # Errors
/// It is not UTF-8, or no YAML.
pub fn convert(
    path: &str,
    bytes: &[u8],
    kind: Kind,
    to: MeshType,
    names: bool,
) -> Result<Option<Converted>, Problems> {
    let source = super::files::text(path, bytes)?;
    let mut problems = Vec::new();
    let Some(tree) = parse(&source, &mut problems) else {
        return Err(match problems.is_empty() {
            true => Problem::of_file(path, "the file is empty").expected("a manifest").into(),
            false => Problems::new(problems),
        });
    };
    let mut rewriter = Rewriter { source: &source, to, names, edits: Vec::new(), lost: Vec::new() };
    match kind {
        Kind::Environment => rewriter.environment(&tree),
        Kind::Service => rewriter.service(&tree),
        Kind::Application => {}
    }
    if rewriter.edits.is_empty() {
        return Ok(None);
    }
    let text = apply(&source.text, rewriter.edits);
    Ok(Some(Converted { text, lost: rewriter.lost }))
}

struct Rewriter<'a> {
    source: &'a Source,
    to: MeshType,
    /// Whether services keep the names that others call them by.
    names: bool,
    /// From, to, and what stands there then.
    edits: Vec<(usize, usize, String)>,
    lost: Vec<Lost>,
}

impl Rewriter<'_> {
    fn environment(&mut self, tree: &Node) {
        let Some(entry) = tree.get("mesh") else { return };
        for (key, why) in ENVIRONMENT {
            if let Some(found) = entry.node.get(key) {
                self.lose(found, &format!("mesh.{key}"), why);
            }
        }
        let (from, to) = self.block(entry);
        let instead = format!("mesh: {}\n", self.to);
        self.edits.push((from, to, instead));
    }

    fn service(&mut self, tree: &Node) {
        let job = tree.get("type").and_then(|entry| entry.node.text()) == Some("Scheduled Job");
        let own = tree.get("mesh");
        let out = own.and_then(|entry| entry.node.text()) == Some("false");
        let name = tree.get("name").and_then(|entry| entry.node.text()).unwrap_or_default();
        self.part(tree, name, "");
        for part in tree.get("environments").into_iter().flat_map(|entry| entry.node.entries()) {
            self.part(&part.node, name, &format!("environments.{}.", part.key));
            let stays_out =
                part.node.get("mesh").filter(|entry| entry.node.text() == Some("false"));
            if let Some(entry) = stays_out.filter(|_| self.to == MeshType::ServiceConnect && !out) {
                let key = format!("environments.{}.mesh", part.key);
                self.lose(entry, &key, "there it takes part from now on, unless `network: {connect: false}` stands beside it");
            }
        }
        if self.to == MeshType::ServiceConnect && !out && !job {
            self.connect(tree);
        }
    }

    /// What one part of a service, the whole or what differs in an environment, says of the mesh.
    fn part(&mut self, part: &Node, service: &str, above: &str) {
        let Some(entry) = part.get("mesh") else { return };
        let found = entry.node.entries();
        if found.is_empty() {
            // `true` and `false` mean the same in every mesh.
            return;
        }
        let lattice = self.to == MeshType::Lattice;
        let protocol = entry.node.get("protocol").and_then(|entry| entry.node.text());
        if let Some(entry) =
            entry.node.get("protocol").filter(|_| lattice && protocol == Some("tcp"))
        {
            self.lose(entry, &format!("{above}mesh.protocol"), "Lattice carries no plain TCP: the service stays out, and is called by its name in Cloud Map; remove it from `calls` of others");
            let (from, to) = self.block(part.get("mesh").unwrap_or(entry));
            self.edits.push((from, to, "mesh: false\n".to_owned()));
            return;
        }
        let mut going: Vec<(usize, usize)> = Vec::new();
        let mut kept = false;
        for found in found {
            kept |= !self.key(found, service, above, &mut going);
        }
        if kept {
            self.edits.extend(going.into_iter().map(|(from, to)| (from, to, String::new())));
        } else {
            let (from, to) = self.block(entry);
            self.edits.push((from, to, String::new()));
        }
    }

    /// One key below `mesh`: whether all of it goes, and otherwise what of it goes.
    fn key(
        &mut self,
        found: &Entry,
        service: &str,
        above: &str,
        going: &mut Vec<(usize, usize)>,
    ) -> bool {
        let lattice = self.to == MeshType::Lattice;
        let table = if lattice { LATTICE } else { CONNECT };
        let key = format!("{above}mesh.{}", found.key);
        if let Some((_, why)) = table.iter().find(|(key, _)| *key == found.key) {
            self.lose(found, &key, why);
            going.push(self.block(found));
            return true;
        }
        let moved = !lattice && ["protocol", "timeout", "routes"].contains(&found.key.as_str());
        if !lattice && found.key == "timeout" && connect_timeouts(found).is_none() {
            self.lose(found, &key, "Service Connect counts whole seconds: its own timeouts hold");
        }
        let Value::Sequence(items) = &found.node.value else {
            if moved {
                going.push(self.block(found));
            }
            return moved;
        };
        let mut gone = 0;
        for (index, item) in items.iter().enumerate() {
            let place = format!("{key}[{index}]");
            let name = item.text().or_else(|| item.get("name").and_then(|entry| entry.node.text()));
            let whole = match (lattice, found.key.as_str()) {
                (true, "calls") if name.is_some_and(|name| name.contains('.')) => {
                    Some("calls to other hosts do not pass Lattice, and need no line")
                }
                (true, "routes") => unseen(item),
                _ => None,
            };
            if let Some(why) = whole {
                self.lose_at(item.span.offset, &place, why);
                going.push(item_of(&self.source.text, items, index));
                gone += 1;
                continue;
            }
            if lattice && found.key == "calls" {
                self.lose_at(item.span.offset, &place, "its name in Cloud Map leads around Lattice: the host to call stands in a variable, SHIPIT_MESH_NAME");
            }
            for inner in item.entries() {
                let path = format!("{}.{}", found.key, inner.key);
                let row = table.iter().find(|(key, _)| *key == path);
                // All to itself is what happens without a route.
                let own = path == "routes.to" && inner.node.text() == Some(service);
                if let Some((_, why)) = row.filter(|_| !own) {
                    self.lose(inner, &format!("{place}.{}", inner.key), why);
                    going.push(self.block(inner));
                }
            }
        }
        if moved || (gone > 0 && gone == items.len()) {
            going.push(self.block(found));
            return true;
        }
        false
    }

    /// Service Connect, under the name that callers in the mesh use.
    fn connect(&mut self, tree: &Node) {
        let text = &self.source.text;
        let Some(name) = tree.get("name").and_then(|entry| entry.node.text()) else { return };
        let port = tree.get("image").and_then(|entry| entry.node.get("port")).is_some();
        let mesh = tree.get("mesh").map(|entry| &entry.node);
        let door = mesh.is_some_and(|mesh| mesh.get("gateway").is_some());
        let connect = if !port || door {
            // It only calls others.
            "connect: {client: true}".to_owned()
        } else {
            let protocol = mesh.and_then(|mesh| mesh.get("protocol"));
            let protocol = protocol.and_then(|entry| entry.node.text()).unwrap_or("http");
            let mut parts = vec![format!("protocol: {protocol}")];
            let label = tree.get("discovery").and_then(|entry| entry.node.get("name"));
            let label = label.and_then(|entry| entry.node.text()).unwrap_or(name);
            if self.names {
                parts.push(format!(
                    "alias: \"{label}.${{SHIPIT_ENVIRONMENT}}.${{SHIPIT_APPLICATION}}.local\""
                ));
            }
            let timeouts = mesh.and_then(|mesh| mesh.get("timeout")).and_then(connect_timeouts);
            parts.extend(timeouts.map(|timeouts| format!("timeouts: {{{timeouts}}}")));
            format!("connect: {{{}}}", parts.join(", "))
        };
        let Some(network) = tree.get("network").filter(|entry| !entry.node.is_null()) else {
            let (mut end, mut line) = (text.len(), format!("network:\n  {connect}\n"));
            // In the mesh's place, else before what differs between environments, which comes last.
            if let Some(entry) = tree.get("mesh") {
                end = line_start(text, entry.span.offset);
            } else if let Some(entry) = tree.get("environments") {
                end = line_start(text, entry.span.offset);
            } else if !text.ends_with('\n') {
                line.insert(0, '\n');
            }
            self.edits.push((end, end, line));
            return;
        };
        if network.node.get("connect").is_some() {
            return;
        }
        let first = network.node.entries().first();
        let flow =
            text[network.span.offset..].lines().next().is_some_and(|line| line.contains('{'));
        match first {
            Some(first) if !flow => {
                let start = line_start(text, first.span.offset);
                let indent = " ".repeat(first.span.offset - start);
                self.edits.push((start, start, format!("{indent}{connect}\n")));
            }
            Some(first) => {
                self.edits.push((first.span.offset, first.span.offset, format!("{connect}, ")));
            }
            None => {}
        }
    }

    fn lose(&mut self, entry: &Entry, key: &str, why: &'static str) {
        self.lose_at(entry.span.offset, key, why);
    }

    fn lose_at(&mut self, offset: usize, key: &str, why: &'static str) {
        let (line, _) = self.source.position(offset);
        self.lost.push(Lost {
            place: format!("{}:{line}", self.source.path),
            key: key.to_owned(),
            why,
        });
    }

    /// The whole lines of an entry: its own, and those below it that stand further in. Of one within braces, itself.
    fn block(&self, entry: &Entry) -> (usize, usize) {
        let text = &self.source.text;
        let start = line_start(text, entry.span.offset);
        let indent = entry.span.offset - start;
        if !text[start..entry.span.offset].chars().all(|c| c == ' ') {
            // Within braces, or behind a dash: with the comma behind it.
            let value = entry.node.span.offset + entry.node.span.length;
            let end = value.max(entry.span.offset + entry.span.length);
            let rest = &text[end..];
            let comma = rest.strip_prefix(", ").map_or(0, |_| 2);
            return (entry.span.offset, end + comma);
        }
        let mut end = line_end(text, entry.span.offset);
        let mut at = end;
        while at < text.len() {
            let next = line_end(text, at);
            let line = &text[at..next];
            let bare = line.trim();
            let depth = line.len() - line.trim_start_matches(' ').len();
            let item = depth == indent && bare.starts_with("- ");
            if bare.is_empty() {
                at = next;
                continue;
            }
            if depth <= indent && !item {
                break;
            }
            (at, end) = (next, next);
        }
        (start, end)
    }
}

/// `idle: 5m, request: 10s`, as Service Connect takes them; nothing where it cannot.
fn connect_timeouts(entry: &Entry) -> Option<String> {
    let mut parts = Vec::new();
    for part in entry.node.entries() {
        let text = part.node.text()?;
        if text.ends_with("ms") {
            return None;
        }
        parts.push(format!("{}: {text}", part.key));
    }
    Some(parts.join(", "))
}

/// Why VPC Lattice cannot tell a route's calls from others.
fn unseen(route: &Node) -> Option<&'static str> {
    let matches = &route.get("match")?.node;
    let path = matches.get("path").is_some_and(|entry| entry.node.get("regex").is_some());
    let known = |entry: &Entry| {
        entry.node.text().is_some() && entry.node.entries().is_empty()
            || entry.node.get("not").is_none()
                && ["exact", "prefix"].iter().any(|key| entry.node.get(key).is_some())
    };
    let headers = matches.get("headers").map(|entry| entry.node.entries()).unwrap_or_default();
    let unknown = headers.iter().any(|entry| !known(entry));
    let other = UNSEEN.iter().any(|key| matches.get(key).is_some());
    (path || unknown || other).then_some(
        "Lattice knows a path, how it begins, a method, and headers' values: the route is gone, and its calls go the way of the others",
    )
}

/// An item of a list: its whole lines, or what stands between it and its neighbour.
fn item_of(text: &str, items: &[Node], index: usize) -> (usize, usize) {
    let item = &items[index];
    let start = line_start(text, item.span.offset);
    if text[start..item.span.offset].trim() == "-" {
        let next = items.get(index + 1).map(|next| line_start(text, next.span.offset));
        let end = next.unwrap_or_else(|| {
            // All that stands further in than the dash.
            let indent = text[start..].len() - text[start..].trim_start_matches(' ').len();
            let mut end = line_end(text, item.span.offset);
            while end < text.len() {
                let next = line_end(text, end);
                let line = &text[end..next];
                let depth = line.len() - line.trim_start_matches(' ').len();
                if line.trim().is_empty() || depth <= indent {
                    break;
                }
                end = next;
            }
            end
        });
        return (start, end);
    }
    let end = item.span.offset + item.span.length;
    match (index.checked_sub(1).map(|before| &items[before]), items.get(index + 1)) {
        (Some(before), _) => (before.span.offset + before.span.length, end),
        (None, Some(next)) => (item.span.offset, next.span.offset),
        (None, None) => (item.span.offset, end),
    }
}

fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |at| at + 1)
}

/// Behind the end of the line.
fn line_end(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1)
}

/// Edits from the last to the first, so that offsets stay; what lies in another that goes is gone with it.
fn apply(text: &str, mut edits: Vec<(usize, usize, String)>) -> String {
    edits.sort_by_key(|(from, to, _)| (*from, *to));
    let mut out = String::new();
    let mut at = 0;
    for (from, to, instead) in edits {
        if from < at {
            continue;
        }
        out.push_str(&text[at..from]);
        out.push_str(&instead);
        at = to.max(at);
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str, kind: Kind, to: MeshType) -> Converted {
        convert("shipit/services/api.yml", text.as_bytes(), kind, to, true).unwrap().unwrap()
    }

    #[test]
    fn what_is_not_of_the_mesh_stays_as_it_was() {
        let text = "# Api.\nkind: service\nname: api # ours\ntype: Backend Service\nimage: {location: \"a:1\", port: 80}\nnetwork:\n  vpc:\n    placement: private\nmesh:\n  # Whom.\n  calls: [store]\n  timeout: {request: 5s}\n  routes:\n    - to: {api: 90, next: 10}\n      retries: {count: 2}\n\ncount: 2\n";
        let done = converted(text, Kind::Service, MeshType::ServiceConnect);
        assert_eq!(
            done.text,
            "# Api.\nkind: service\nname: api # ours\ntype: Backend Service\nimage: {location: \"a:1\", port: 80}\nnetwork:\n  connect: {protocol: http, alias: \"api.${SHIPIT_ENVIRONMENT}.${SHIPIT_APPLICATION}.local\", timeouts: {request: 5s}}\n  vpc:\n    placement: private\nmesh:\n  # Whom.\n  calls: [store]\n\ncount: 2\n"
        );
        let keys: Vec<&str> = done.lost.iter().map(|lost| lost.key.as_str()).collect();
        assert_eq!(keys, ["mesh.routes[0].to", "mesh.routes[0].retries"]);
        assert_eq!(done.lost[0].place, "shipit/services/api.yml:14");
    }

    #[test]
    fn lattice_keeps_what_it_can() {
        let text = "kind: service\nname: api\nmesh:\n  calls: [store, a.example.com]\n  envoy:\n    image: e:1\n  routes:\n    - match: {query: {a: b}}\n      to: next\n    - match: {headers: {x-a: b}}\n      to: {api: 90, next: 10}\n      retries: {count: 2}\n";
        let done = converted(text, Kind::Service, MeshType::Lattice);
        assert_eq!(
            done.text,
            "kind: service\nname: api\nmesh:\n  calls: [store]\n  routes:\n    - match: {headers: {x-a: b}}\n      to: {api: 90, next: 10}\n"
        );
        let keys: Vec<&str> = done.lost.iter().map(|lost| lost.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "mesh.calls[0]",
                "mesh.calls[1]",
                "mesh.envoy",
                "mesh.routes[0]",
                "mesh.routes[1].retries"
            ]
        );
        let tcp = "name: api\nmesh:\n  protocol: tcp\n";
        assert_eq!(
            converted(tcp, Kind::Service, MeshType::Lattice).text,
            "name: api\nmesh: false\n"
        );
        let environment = "kind: environment\nname: test\nmesh:\n  type: app-mesh\n  egress: mesh\nprotect: true\n";
        let done = converted(environment, Kind::Environment, MeshType::Lattice);
        assert_eq!(done.text, "kind: environment\nname: test\nmesh: lattice\nprotect: true\n");
        assert_eq!(done.lost.len(), 1);
        let done = converted(environment, Kind::Environment, MeshType::ServiceConnect);
        assert_eq!(
            done.text,
            "kind: environment\nname: test\nmesh: service-connect\nprotect: true\n"
        );
    }
}
