//! Who talks to whom in an environment: a small graph that planners fill and `render::topology` draws.
//!
//! It knows neither manifests nor AWS, so that every kind of mesh can feed it: Service Connect, and those that have
//! routers, gateways and weights.

use std::collections::BTreeSet;

use serde::Serialize;

/// Services and the calls between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// The application.
    pub application: String,
    /// The environment.
    pub environment: String,
    /// What connects the services: `Service Connect`, `App Mesh`, `VPC Lattice`; `None` where nothing but names does.
    pub mesh: Option<String>,
    /// The namespace in which they find each other.
    pub namespace: Option<String>,
    /// The network that they are in, a line for each part; empty where only calls are of interest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<String>,
    /// Who is there, in the order of `key`.
    pub nodes: Vec<Node>,
    /// Who calls whom.
    pub edges: Vec<Edge>,
}

/// One that calls or is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name, unique in the graph.
    pub key: String,
    /// What it is.
    pub role: Role,
    /// Whether it is live; `None` where shipit does not make it.
    pub live: Option<bool>,
    /// Where it is called.
    pub endpoints: Vec<Endpoint>,
    /// What else is to be said of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}

impl Node {
    /// One of which nothing else is known.
    pub fn new(key: &str, role: Role) -> Self {
        Self { key: key.to_owned(), role, live: None, endpoints: Vec::new(), about: Vec::new() }
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Clients from the internet.
    Internet,
    /// A load balancer.
    Balancer,
    /// A way into the mesh: a service that others cannot call, or a mesh's own gateway.
    Gateway,
    /// A service.
    Service,
    /// What keeps things: a queue, a topic, a file system.
    Store,
    /// What is elsewhere, and has a name here.
    Elsewhere,
}

/// A name and port under which a node is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Endpoint {
    /// What clients call.
    pub name: String,
    /// At which port.
    pub port: Option<u16>,
    /// What is spoken.
    pub protocol: Option<String>,
    /// Its name in the namespace, where it is another.
    pub discovery_name: Option<String>,
    /// Calls are encrypted.
    pub tls: bool,
}

/// One calls another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// The key of who calls.
    pub from: String,
    /// The key of who is called.
    pub to: String,
    /// The endpoint that is called: `api:8080`.
    pub endpoint: Option<String>,
    /// For which requests: `/x*`; all if `None`.
    pub route: Option<String>,
    /// The share of them, in percent.
    pub weight: Option<u8>,
    /// What says so: `calls`, `http`, `variable API_URL`.
    pub because: String,
}

impl Endpoint {
    /// `api:8080 http, TLS`.
    pub fn label(&self) -> String {
        let mut label = match self.port {
            Some(port) => format!("{}:{port}", self.name),
            None => self.name.clone(),
        };
        if let Some(protocol) = &self.protocol {
            label.push(' ');
            label.push_str(protocol);
        }
        if self.tls {
            label.push_str(", TLS");
        }
        label
    }
}

impl Edge {
    /// What is written beside its arrow; may be empty.
    pub fn label(&self) -> String {
        let weight = self.weight.map(|weight| format!("{weight} %"));
        let parts = [self.endpoint.clone(), self.route.clone(), weight];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl Topology {
    /// Sorts it and leaves out what stands there twice or leads nowhere.
    #[must_use]
    pub fn tidy(mut self) -> Self {
        self.nodes.sort_by(|a, b| (a.role, &a.key).cmp(&(b.role, &b.key)));
        self.nodes.dedup_by(|a, b| a.key == b.key);
        let keys: BTreeSet<&str> = self.nodes.iter().map(|node| node.key.as_str()).collect();
        self.edges
            .retain(|edge| keys.contains(edge.from.as_str()) && keys.contains(edge.to.as_str()));
        self.edges.sort();
        self.edges.dedup();
        self
    }

    /// In which column each node stands, from 0: those that call stand before those that they call, as far as calls form
    /// no circle.
    pub fn columns(&self) -> Vec<usize> {
        let at = |key: &str| self.nodes.iter().position(|node| node.key == key);
        let edges: Vec<(usize, usize)> = self
            .edges
            .iter()
            .filter_map(|edge| Some((at(&edge.from)?, at(&edge.to)?)))
            .filter(|(from, to)| from != to)
            .collect();
        let mut columns = vec![0; self.nodes.len()];
        // As many rounds as there are nodes: in a circle it would go on for ever.
        for _ in 0..self.nodes.len() {
            let mut moved = false;
            for (from, to) in &edges {
                let next = (columns[*from] + 1).min(self.nodes.len() - 1);
                if columns[*to] < next {
                    columns[*to] = next;
                    moved = true;
                }
            }
            if !moved {
                return close(columns);
            }
        }
        close(columns)
    }
}

/// Leaves no column empty.
fn close(columns: Vec<usize>) -> Vec<usize> {
    let used: BTreeSet<usize> = columns.iter().copied().collect();
    columns.into_iter().map(|column| used.range(..column).count()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(key: &str) -> Node {
        Node::new(key, Role::Service)
    }

    fn edge(from: &str, to: &str) -> Edge {
        Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            endpoint: None,
            route: None,
            weight: None,
            because: "calls".to_owned(),
        }
    }

    fn graph(keys: &[&str], edges: &[(&str, &str)]) -> Topology {
        Topology {
            nodes: keys.iter().map(|key| node(key)).collect(),
            edges: edges.iter().map(|(from, to)| edge(from, to)).collect(),
            ..Topology::default()
        }
    }

    #[test]
    fn callers_stand_before_those_that_they_call() {
        let graph = graph(&["a", "b", "c"], &[("a", "c"), ("c", "b"), ("a", "b")]);
        assert_eq!(graph.columns(), [0, 2, 1]);
    }

    #[test]
    fn a_circle_ends() {
        let columns = graph(&["a", "b"], &[("a", "b"), ("b", "a"), ("a", "a")]).columns();
        assert!(columns.iter().all(|column| *column < 2), "{columns:?}");
    }

    #[test]
    fn what_leads_nowhere_is_left_out() {
        let graph = graph(&["b", "a", "a"], &[("a", "b"), ("a", "b"), ("a", "x")]).tidy();
        assert_eq!((graph.nodes.len(), graph.edges.len()), (2, 1));
    }
}
