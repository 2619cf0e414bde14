//! Environments on EKS: upgrades, protection, and what is refused before anything is changed.

use crate::support::Workdir;

const FILE: &str = "shipit/environments/test.yml";

fn steps(workdir: &Workdir) -> Vec<String> {
    workdir.steps(&["plan", "--env", "test"])
}

#[test]
fn an_upgrade_of_two_minors_that_was_killed_goes_on() {
    let workdir = Workdir::example("kubernetes-nodes");
    workdir.edit(FILE, "\"1.35\"", "\"1.34\"");
    let deploy = ["deploy", "--env", "test", "--yes"];
    workdir.local(&deploy).expect(0);
    workdir.edit(FILE, "\"1.34\"", "\"1.36\"");
    let all = [
        "update eks/cluster.main: version",
        "update eks/addon.kube-proxy: version",
        "update eks/nodegroup.batch: version",
        "update eks/nodegroup.general: version",
    ];
    assert_eq!(steps(&workdir), all);
    // The second minor is never asked for.
    workdir.write(
        "faults.yml",
        "rules:\n- on: {operation: UpdateClusterVersion, call: 2}\n  fault: {crash: before}\n",
    );
    let killed = workdir.local(&[&["--local-faults", "faults.yml"], &deploy[..]].concat());
    assert_eq!(killed.code, -1, "{}", killed.stderr);
    let plan = workdir.local(&["plan", "--env", "test"]).expect(0).stdout;
    assert_eq!(plan.matches("\"1.35\" → \"1.36\"").count(), 3, "{plan}");
    assert_eq!(steps(&workdir), all);
    workdir.local(&deploy).expect(0);
    assert_eq!(steps(&workdir), [""; 0]);
    workdir.edit(FILE, "\"1.36\"", "\"1.35\"");
    let refused = workdir.local(&["plan", "--env", "test"]).expect(1);
    insta::assert_snapshot!(refused.stderr, @r#"
    error: the cluster of environment `test` has version 1.36, and its manifest wants 1.35: versions only go up
    hint: write `version: "1.36"` in the environment's manifest, or a higher one
    "#);
}

#[test]
fn left_out_the_version_stays_what_it_is() {
    let workdir = Workdir::example("kubernetes-auto");
    let written = "  type: eks\n  version: \"1.34\"\n  support: extended\n";
    workdir.edit(FILE, "  type: eks\n", written);
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir.edit(FILE, "  version: \"1.34\"\n", "");
    assert_eq!(steps(&workdir), [""; 0]);
}

#[test]
fn what_would_fail_is_said_before() {
    let workdir = Workdir::example("kubernetes-auto");
    workdir.edit(FILE, "  type: eks\n", "  type: eks\n  version: \"1.30\"\n");
    workdir.edit(FILE, "user/local", "role/nobody");
    workdir.edit(FILE, "AmazonEKSClusterAdminPolicy", "AmazonEKSEverythingPolicy");
    let refused = workdir.local(&["deploy", "--env", "test", "--yes"]).expect(4);
    let findings = refused.stdout.lines().filter(|line| line.contains("error[cluster]"));
    let findings: Vec<&str> = findings.map(str::trim).collect();
    assert_eq!(
        findings,
        [
            "✗ error[cluster] eks/access-entry.admins: access policy \
             arn:aws:eks::aws:cluster-access-policy/AmazonEKSEverythingPolicy is not there",
            "✗ error[cluster] eks/access-entry.admins: role arn:aws:iam::123456789012:role/nobody \
             is not there",
            "✗ error[cluster] eks/cluster.main: version 1.30 is out of support",
        ]
    );
    assert!(workdir.local(&["env", "show", "--name", "test"]).expect(0).stderr.contains("nothing"));
}

#[test]
fn a_protected_cluster_goes_by_name_only() {
    let workdir = Workdir::example("kubernetes-auto");
    workdir.edit(FILE, "name: test\n", "name: test\nprotect: true\n");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let delete = ["env", "delete", "--name", "test", "--yes"];
    let refused = workdir.local(&delete).expect(4);
    assert!(refused.stderr.contains("environment `test` is protected"), "{}", refused.stderr);
    // Another checkout, whose manifest lacks the line, is told by EKS's own protection.
    workdir.edit(FILE, "protect: true\n", "");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(4);
    workdir.local(&[&delete[..], &["--confirm", "test"]].concat()).expect(0);
    let shown = workdir.local(&["env", "show", "--name", "test"]).expect(0);
    assert!(shown.stderr.contains("nothing is live"), "{}", shown.stderr);
}

/// A cluster of that name which is somebody else's.
#[test]
fn a_name_that_is_taken_is_left_alone() {
    let workdir = Workdir::example("kubernetes-auto");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir.by_hand(async |cx| {
        let arn = cx.arn("eks", "cluster/gallery-test-main");
        let keys = ["application", "environment", "resource"].map(|key| format!("shipit:{key}"));
        let call = cx.eks.untag_resource().resource_arn(arn).set_tag_keys(Some(keys.into()));
        call.send().await.unwrap();
    });
    let refused = workdir.local(&["plan", "--env", "test"]).expect(4);
    let (_, said) = refused.stderr.split_once('\n').unwrap();
    insta::assert_snapshot!(said, @r"
    error: 1 resource in the way, and shipit changes nothing that does not bear its tags
      eks/cluster.main: `gallery-test-main` has its name, and no shipit tags
    hint: to take it over:
      shipit adopt eks/cluster.main gallery-test-main --env test
    or rename or delete what is in the way, or choose another application or environment name
    ");
}

#[test]
fn init_writes_an_environment_on_eks() {
    let workdir = Workdir::new();
    workdir.write("shipit/application.yml", "kind: application\nname: demo\n");
    let init = ["env", "init", "--name", "cluster", "--cluster", "eks", "--region", "eu-west-1"];
    workdir.shipit(&[&init[..], &["--yes"]].concat()).expect(0);
    let validate = workdir.shipit(&["validate"]).expect(0);
    assert!(validate.stderr.contains("nobody has access"), "{}", validate.stderr);
    workdir.local(&["env", "deploy", "--name", "cluster", "--yes"]).expect(0);
}
