//! App Mesh on moto: it has no virtual services, and tells times of all else as texts of its own, which the SDK refuses. So
//! nothing is run there; the day that it can be read, this fails.

use shipit::aws::classify;
use shipit::engine::Class;

use crate::support::{Server, Workdir};

#[test]
fn app_mesh_of_moto_cannot_be_read() {
    let moto = Server::moto(1);
    Workdir::new().at(&moto.url).by_hand(async |cx| {
        // The mesh is made, and the answer that says so is lost.
        let made = cx.appmesh.create_mesh().mesh_name("main").send().await;
        let failure = classify("appmesh CreateMesh", made.unwrap_err());
        assert_eq!(failure.class, Class::LostAnswer, "{failure:?}");
        let read = cx.appmesh.describe_mesh().mesh_name("main").send().await;
        let failure = classify("appmesh DescribeMesh", read.unwrap_err());
        assert_eq!(failure.class, Class::LostAnswer, "{failure:?}");
    });
}
