//! Seven services that call each other, publish and subscribe.

use crate::support::Workdir;

#[test]
fn services_find_each_other_and_their_topics() {
    let workdir = Workdir::example("market");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    // By names that are there, and topics by ARNs that their roles may use.
    let variables = |service: &str| {
        let show = ["--format", "json", "svc", "show", "--name", service];
        workdir.local(&show).expect(0).stdout
    };
    assert!(variables("storefront").contains("http://catalog.test.market.local:8080"));
    assert!(variables("cart").contains("market-test-cart-checked-out"));
    // Who still listens to a service's topics is no reason to keep it.
    workdir
        .local(&["svc", "delete", "--name", "orders", "--yes", "--allow-delete", "all"])
        .expect(0);
}
