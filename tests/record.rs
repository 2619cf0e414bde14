//! What a record keeps of the documents that were applied.

use std::sync::Arc;

use serde_json::{Value, json};
use shipit::aws::calls::CallLog;
use shipit::aws::local_client::http_client;
use shipit::aws::{Session, SessionOptions};
use shipit::engine::{Address, Desired, Node, OutputRef, Owner, Registry, Wait};
use shipit::local::{LocalAws, LocalOptions};
use shipit::record::{Digests, digests};
use shipit::resources::REGISTRY;

async fn registry() -> Registry {
    let local = LocalAws::open(LocalOptions::default()).unwrap();
    let options = SessionOptions {
        region: Some("eu-west-1".to_owned()),
        local: Some(http_client(local)),
        ..SessionOptions::default()
    };
    let session = Session::load(&options, CallLog::new(None)).await.unwrap();
    let cx = Arc::new(session.cx("123456789012".to_owned()));
    Registry::new(REGISTRY.iter().map(|kind| (kind.bind)(cx.clone())).collect())
}

/// A network, and a subnet that refers to it.
fn desired(vpc: Value, subnet: Value) -> Desired {
    let mut desired = Desired::default();
    for (name, spec) in [("ec2/vpc.main", vpc), ("ec2/subnet.a", subnet)] {
        let address: Address = name.parse().unwrap();
        let node = Node {
            address: address.clone(),
            owner: Owner::Environment,
            spec,
            after: Vec::new(),
            formerly: None,
        };
        desired.nodes.insert(address, node);
    }
    desired
}

fn subnet() -> Value {
    let vpc = OutputRef {
        address: "ec2/vpc.main".parse().unwrap(),
        field: "id".to_owned(),
        wait: Wait::Created,
    };
    json!({ "cidr": "10.0.0.0/24", "vpc": vpc.to_value() })
}

/// The parts of the subnet's entry: of its names, its `cidr`, its `vpc`.
fn parts(digests: &Digests) -> [String; 3] {
    let entry = &digests[&"ec2/subnet.a".parse::<Address>().unwrap()];
    [0, 4, 8].map(|at| entry[at..at + 4].to_owned())
}

#[tokio::test]
async fn a_field_s_digest_changes_with_the_field_and_with_what_remakes_its_target() {
    let registry = registry().await;
    let of = |vpc: Value, subnet: Value| parts(&digests(&registry, &desired(vpc, subnet)));
    let vpc =
        json!({ "cidr": "10.0.0.0/16", "dns_support": true, "tags": { "a": "1", "b": null } });
    let first = of(vpc.clone(), subnet());
    // The same in another form.
    let same = json!({ "tags": { "a": "1" }, "cidr": "10.0.0.0/16", "dns_support": true });
    assert_eq!(of(same, subnet()), first);
    // Another value of its own.
    let mut other = subnet();
    other["cidr"] = json!("10.0.1.0/24");
    let changed = of(vpc.clone(), other);
    assert_eq!((&changed[0], &changed[2]), (&first[0], &first[2]));
    assert_ne!(changed[1], first[1]);
    // Its target changes in place: the reference stays what it was.
    let mut tagged = vpc.clone();
    tagged["tags"]["a"] = json!("2");
    assert_eq!(of(tagged, subnet()), first);
    // Its target is made anew: a new id that the field waits for is no drift.
    let mut remade = vpc;
    remade["cidr"] = json!("10.1.0.0/16");
    let moved = of(remade, subnet());
    assert_eq!((&moved[0], &moved[1]), (&first[0], &first[1]));
    assert_ne!(moved[2], first[2]);
}
