//! `fakecloud`, whose EKS is nearly complete: the environments on EKS, whole. `tests/fakecloud/run` installs and starts
//! it, as it takes a quarter of an hour to build.

use super::{Flow, losses};
use crate::support::examples::ALL;
use crate::support::skipped;

#[test]
fn environments_on_eks_on_fakecloud() {
    let Ok(url) = std::env::var("SHIPIT_FAKECLOUD_URL") else {
        skipped("emulators::fakecloud", "SHIPIT_FAKECLOUD_URL is not set: run tests/fakecloud/run");
        return;
    };
    for row in ALL.iter().filter(|row| row.folder.starts_with("kubernetes-")) {
        if row.folder == "kubernetes-nodes" {
            skipped(
                "emulators::fakecloud",
                "kubernetes-nodes is of 1.35, and fakecloud knows 1.28 to 1.34",
            );
            continue;
        }
        let flow = Flow::row_of(row, &url, losses::FAKECLOUD);
        // The issuer of a cluster is not the same there before and after the cluster works, so that roles by OIDC have none
        // that stays.
        flow.without(
            "shipit/environments/test.yml",
            "    ledger:\n      namespace: ledger",
            "  pod_identities:",
        );
        flow.life(row);
    }
}
