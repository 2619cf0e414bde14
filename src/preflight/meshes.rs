//! Quotas within a mesh: what one mesh, router, gateway or listener may hold.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Subject;
use super::quotas::Need;
use crate::engine::Address;

/// A quota of what lies in one thing.
struct Row {
    kind: &'static str,
    /// The field that refers to what it lies in.
    within: &'static str,
    /// Service Quotas' codes of the service and the quota.
    code: (&'static str, &'static str),
    /// In the plural.
    what: &'static str,
    /// Every account has so many.
    plenty: f64,
}

const ROWS: &[Row] = &[
    Row {
        kind: "appmesh/virtual-gateway",
        within: "mesh",
        code: ("appmesh", "L-87E74146"),
        what: "virtual gateways",
        plenty: 3.0,
    },
    Row {
        kind: "appmesh/virtual-service",
        within: "mesh",
        code: ("appmesh", "L-DA7495A7"),
        what: "virtual services",
        plenty: 200.0,
    },
    Row {
        kind: "appmesh/route",
        within: "router",
        code: ("appmesh", "L-BB90B7FF"),
        what: "routes",
        plenty: 50.0,
    },
    Row {
        kind: "appmesh/gateway-route",
        within: "gateway",
        code: ("appmesh", "L-F6F26D09"),
        what: "gateway routes",
        plenty: 10.0,
    },
    Row {
        kind: "vpclattice/rule",
        within: "listener",
        code: ("vpc-lattice", "L-CF78395E"),
        what: "rules",
        plenty: 5.0,
    },
];

/// What the plan puts into each, if it puts anything there anew.
pub(super) fn needs(subject: &Subject<'_>, needs: &mut Vec<Need>) {
    for row in ROWS {
        let made = subject.made(row.kind);
        let mut counts: BTreeMap<String, (usize, Option<Address>)> = BTreeMap::new();
        for node in subject.desired.nodes.values().filter(|node| node.address.kind() == row.kind) {
            let within = &node.spec[row.within];
            let entry = counts.entry(place(within)).or_default();
            entry.0 += 1;
            if made.contains(&node.address) {
                entry.1.get_or_insert_with(|| node.address.clone());
            }
        }
        for (place, (count, address)) in counts {
            let Some(address) = address else { continue };
            needs.push(Need {
                code: row.code,
                address,
                what: format!("{} in {place}", row.what),
                wanted: count as f64,
                plenty: row.plenty,
                sure: true,
            });
        }
    }
}

/// The address of what a field refers to, or its value.
fn place(field: &Value) -> String {
    let text = field["$output"][0].as_str().or_else(|| field.as_str());
    text.unwrap_or_default().to_owned()
}
