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
        Flow::row_of(row, &url, losses::FAKECLOUD).life(row);
    }
}
