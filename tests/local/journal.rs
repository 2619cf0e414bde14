//! State on disk, as two processes share it.

use shipit::local::{LocalAws, LocalOptions};

use super::{between, ec2, options, start};

fn open(folder: &tempfile::TempDir) -> LocalAws {
    let directory = Some(folder.path().join("local"));
    LocalAws::open(LocalOptions { directory, ..options(&start()) }).unwrap()
}

async fn create(local: &LocalAws) -> String {
    between(&ec2(local, "Action=CreateVpc&CidrBlock=10.0.0.0/16").await, "<vpcId>", "<")
}

async fn vpcs(local: &LocalAws) -> usize {
    ec2(local, "Action=DescribeVpcs").await.matches("<vpcId>").count()
}

#[tokio::test]
async fn two_openings_of_one_directory_are_one_account() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (open(&folder), open(&folder));
    let first = create(&one).await;
    let second = create(&two).await;
    assert_ne!(first, second, "the same seed, but another call");
    assert_eq!((vpcs(&one).await, vpcs(&two).await), (2, 2));
    assert_eq!(vpcs(&open(&folder)).await, 2);
    two.reset().unwrap();
    assert_eq!((vpcs(&one).await, vpcs(&open(&folder)).await), (0, 0));
    create(&one).await;
    assert_eq!(vpcs(&two).await, 1);
}

#[tokio::test]
async fn every_prefix_of_the_journal_is_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let local = open(&folder);
    for _ in 0..3 {
        create(&local).await;
    }
    drop(local);
    let path = folder.path().join("local").join("journal.jsonl");
    let whole = std::fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    assert_eq!(ends.len(), 4, "a header and three calls");
    for length in (0..=whole.len()).step_by(97) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let calls = ends.iter().filter(|end| **end < length).count().saturating_sub(1);
        let local = open(&folder);
        assert_eq!(vpcs(&local).await, calls, "cut at {length}");
        create(&local).await;
        assert_eq!(vpcs(&open(&folder)).await, calls + 1, "cut at {length}, and written on");
    }
}

#[tokio::test]
async fn concurrent_callers_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let local = open(&folder);
        tasks.push(tokio::spawn(async move {
            for _ in 0..10 {
                create(&local).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(vpcs(&open(&folder)).await, 40);
}

#[test]
fn a_broken_journal_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("local");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("journal.jsonl"), "nonsense\n").unwrap();
    let error = LocalAws::open(LocalOptions { directory: Some(directory), ..options(&start()) });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("journal.jsonl: expected"), "{error}");
}
