//! Disks of a task.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::container::{AbsolutePath, bounded};
use crate::manifest::read::{Between, Read, Reader, Text, choice, is_map, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

record! {
    /// Disks of a task.
    #[derive(Default)]
    pub struct Storage {
        /// GiB of scratch disk, 21 to 200; every task has 20 when left out.
        ephemeral: Option<u32> as Option<Gigabytes>,
        /// Whether the containers cannot write to their own file systems.
        readonly_fs: bool = false,
        /// Directories that the containers of a task share, by name. They live as long as the task, unless `efs` says otherwise.
        volumes: BTreeMap<String, Volume>,
    }
}

record! {
    /// A directory that the containers of a task share.
    pub struct Volume {
        /// Where it appears in the main container.
        path: String as AbsolutePath,
        /// Whether the main container may not write to it.
        read_only: bool = true,
        /// An EFS file system: `true` for the environment's own, or a map.
        efs: Option<Efs> as EfsOrNot,
        /// An EBS volume of each task's own, made and deleted with it.
        ebs: Option<Ebs>,
    }
}

/// An EFS file system.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Efs {
    /// The environment's own, in a folder of the service's.
    Managed {
        /// POSIX user and group id; they follow from the service's name when left out.
        user: Option<(u32, u32)>,
    },
    /// One that exists.
    Own {
        /// `fs-…`.
        id: String,
        /// The folder in it that is mounted.
        root_dir: String,
        /// Whether the task's role decides who may mount it.
        iam: bool,
        /// `fsap-…`.
        access_point: Option<String>,
    },
}

record! {
    /// An EFS file system.
    pub(crate) struct EfsMap {
        /// The id of a file system that exists.
        id: Option<String> as Option<FileSystem>,
        /// The folder in it that is mounted.
        root_dir: Option<String> as Option<AbsolutePath>,
        /// Who may mount it.
        auth: Option<EfsAuth>,
        /// The POSIX user id of the files in the environment's own file system.
        uid: Option<u32> as Option<PosixId>,
        /// The POSIX group id of the files in the environment's own file system.
        gid: Option<u32> as Option<PosixId>,
    }
}

record! {
    /// Who may mount a file system.
    pub(crate) struct EfsAuth {
        /// Whether the policies of the task's role decide.
        iam: bool = false,
        /// The id of an access point that exists; needs `iam: true`.
        access_point_id: Option<String> as Option<AccessPoint>,
    }
}

notation! {
    /// A file system's id.
    FileSystem as String,
    { "type": "string", "pattern": "^fs-[0-9a-f]+$" },
    |node, reader| id(node, reader, "fs-", "a file system's id such as `fs-0123456789abcdef0`")
}

notation! {
    /// An access point's id.
    AccessPoint as String,
    { "type": "string", "pattern": "^fsap-[0-9a-f]+$" },
    |node, reader| id(node, reader, "fsap-", "an access point's id such as `fsap-0123456789abcdef0`")
}

notation! {
    /// An EBS snapshot's id.
    Snapshot as String,
    { "type": "string", "pattern": "^snap-[0-9a-f]+$" },
    |node, reader| id(node, reader, "snap-", "a snapshot's id such as `snap-0123456789abcdef0`")
}

fn id(node: &Node, reader: &mut Reader, prefix: &str, expected: &str) -> Option<String> {
    let text = &reader.text(node, expected)?.text;
    let hex = text.strip_prefix(prefix);
    let sound = hex.is_some_and(|hex| hex.len() >= 8 && hex.bytes().all(|c| c.is_ascii_hexdigit()));
    if sound { Some(text.clone()) } else { reader.wrong(node, expected) }
}

notation! {
    /// A POSIX user or group id; 0 would be root.
    PosixId as u32,
    { "type": "integer", "minimum": 1, "maximum": 4_294_967_295_u32 },
    |node, reader| {
        let expected = "a POSIX id, 1 to 4294967295";
        let found = reader.integer(node, expected)?;
        match u32::try_from(found) {
            Ok(0) => {
                reader.wrong::<()>(node, expected);
                if let Some(problem) = reader.problems.last_mut() {
                    problem.help = Some("0 is root, whom EFS gives no access point: choose another, such as 1000".to_owned());
                }
                None
            }
            Ok(id) => Some(id),
            Err(_) => reader.wrong(node, expected),
        }
    }
}

/// `true`, `false`, or a map.
#[derive(Debug)]
pub(crate) struct EfsOrNot;

impl JsonSchema for EfsOrNot {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Efs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<EfsMap>(generator)])
    }
}

impl Read for EfsOrNot {
    type Value = Option<Efs>;

    fn absent() -> Option<Self::Value> {
        Some(None)
    }

    fn read(node: &Node, reader: &mut Reader) -> Option<Option<Efs>> {
        if !is_map(node) {
            return bool::read(node, reader)
                .map(|managed| managed.then_some(Efs::Managed { user: None }));
        }
        let before = reader.problems.len();
        let map = EfsMap::read(node, reader)?;
        if reader.problems.len() > before {
            return None;
        }
        map.checked(node, reader).map(Some)
    }
}

impl EfsMap {
    /// Which of the two it is; keys of both do not go together.
    fn checked(self, node: &Node, reader: &mut Reader) -> Option<Efs> {
        let place = |key: &str| node.place_of_key(key);
        let user = match (self.uid, self.gid) {
            (Some(uid), Some(gid)) => Some((uid, gid)),
            (None, None) => None,
            (uid, _) => {
                let (given, missing) = if uid.is_some() { ("uid", "gid") } else { ("gid", "uid") };
                let problem = reader.error(place(given), format!("`{given}` without `{missing}`"));
                problem.help = Some(format!("add `{missing}:`"));
                return None;
            }
        };
        let Some(id) = self.id else {
            let lone = [("root_dir", self.root_dir.is_some()), ("auth", self.auth.is_some())];
            if let Some((key, _)) = lone.iter().find(|(_, given)| *given) {
                let message =
                    format!("`{key}` is of a file system of your own, and there is no `id`");
                let problem = reader.error(place(key), message);
                problem.help = Some(
                    "add `id: fs-…`; the environment's own has an access point for each service"
                        .to_owned(),
                );
                return None;
            }
            if user.is_none() {
                let problem = reader.error(node.span, "an EFS volume of which nothing is said");
                problem.expected =
                    Some("`true`, or a map with `id`, or with `uid` and `gid`".to_owned());
                return None;
            }
            return Some(Efs::Managed { user });
        };
        if user.is_some() {
            let problem =
                reader.error(place("uid"), "`uid` and `gid` with a file system of your own");
            problem.help = Some("they are for the environment's own: remove them, or `id`; an access point of yours has its own user".to_owned());
            return None;
        }
        let auth = self.auth.unwrap_or(EfsAuth { iam: false, access_point_id: None });
        if auth.access_point_id.is_some() {
            if !auth.iam {
                let problem = reader.error(place("auth"), "an access point without `iam: true`");
                problem.help = Some("add `iam: true` below `auth`".to_owned());
                return None;
            }
            if self.root_dir.as_deref().is_some_and(|root| root != "/") {
                let problem = reader.error(place("root_dir"), "`root_dir` with an access point");
                problem.help = Some(
                    "the access point has a root directory of its own: remove one of the two"
                        .to_owned(),
                );
                return None;
            }
        }
        Some(Efs::Own {
            id,
            root_dir: self.root_dir.unwrap_or_else(|| "/".to_owned()),
            iam: auth.iam,
            access_point: auth.access_point_id,
        })
    }
}

record! {
    /// An EBS volume of each task's own.
    pub struct Ebs {
        /// Its size in GiB; the snapshot's when left out.
        size: Option<u32> as Option<Between<1, 65_536>>,
        /// What kind of disk it is.
        "type" volume_type: EbsType = EbsType::Gp3,
        /// I/O operations a second: needed with `io1` and `io2`, 3000 on `gp3` when left out.
        iops: Option<u32> as Option<Between<100, 256_000>>,
        /// MiB a second, on `gp3`; 125 when left out.
        throughput: Option<u32> as Option<Between<125, 2000>>,
        /// Whether it is encrypted at rest.
        encrypted: bool = true,
        /// Id, alias or ARN of the KMS key; the account's default when left out.
        kms_key: Option<String> as Option<Text>,
        /// What it is formatted with.
        filesystem: EbsFilesystem = EbsFilesystem::Xfs,
        /// The snapshot that it is filled from.
        snapshot: Option<String> as Option<Snapshot>,
        /// MiB a second at which it is filled from the snapshot, 100 to 300.
        initialization_rate: Option<u32> as Option<Between<100, 300>>,
        /// Tags of the volume.
        tags: BTreeMap<String, String> as BTreeMap<String, Text>,
    }
}

choice! {
    /// A type of EBS volume.
    pub enum EbsType {
        /// General purpose.
        Gp3 = "gp3",
        /// General purpose, of the former generation.
        Gp2 = "gp2",
        /// Provisioned I/O operations.
        Io2 = "io2",
        /// Provisioned I/O operations, of the former generation.
        Io1 = "io1",
        /// Throughput.
        St1 = "st1",
        /// Cold.
        Sc1 = "sc1",
        /// Magnetic.
        Standard = "standard",
    }
}

choice! {
    /// A file system on an EBS volume.
    pub enum EbsFilesystem {
        /// XFS.
        Xfs = "xfs",
        /// ext4.
        Ext4 = "ext4",
        /// ext3.
        Ext3 = "ext3",
    }
}

notation! {
    /// GiB of scratch disk.
    Gigabytes as u32,
    { "type": "integer", "minimum": 21, "maximum": 200 },
    |node, reader| {
        let size = bounded(node, reader, 21, 200, "GiB of scratch disk, 21 to 200");
        if size.is_none() && node.text() == Some("20")
            && let Some(problem) = reader.problems.last_mut() {
                problem.help = Some("every task has 20 GiB without it: remove the line".to_owned());
            }
        size
    }
}
