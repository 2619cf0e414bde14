//! What runs pods: node groups, pools of Auto Mode, Fargate.

use std::collections::BTreeMap;

use crate::manifest::environment::{Side, is_arm};
use crate::manifest::read::{Between, Text, choice, record};

choice! {
    /// A pool of nodes that Auto Mode has by itself.
    pub enum NodePool {
        /// For anything.
        GeneralPurpose = "general-purpose",
        /// For what the cluster itself needs.
        System = "system",
    }
}

record! {
    /// A group of EC2 instances that EKS manages.
    pub struct NodeGroup {
        /// Instance types, the preferred first, of one architecture: `m7g.large`. Left out only where `launch_template` names one.
        instances: Vec<String>,
        /// A launch template of one's own that instances start from.
        launch_template: Option<OwnTemplate>,
        /// What instances run: an image that AWS makes for EKS. Graviton, graphics cards and AWS's own chips get theirs by
        /// themselves.
        image: ImageOfNodes = ImageOfNodes::Al2023,
        /// Exactly this one of EKS's images, in EKS's words, instead of what follows from `image` and the instance types:
        /// `BOTTLEROCKET_ARM_64_FIPS`.
        ami_type: Option<String>,
        /// Whether they are Spot instances.
        spot: bool = false,
        /// Fewest instances.
        min: u32 as Between<0, 450> = 1,
        /// Most instances.
        max: u32 as Between<1, 450>,
        /// How many there are. Left out: `min` at first, and from then on whatever scales the group decides.
        desired: Option<u32> as Option<Between<0, 450>>,
        /// GiB of an instance's disk; 80 when left out, or what `launch_template` says.
        disk: Option<u32> as Option<Between<8, 16384>>,
        /// Kubernetes' labels of the nodes.
        labels: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// What keeps pods away that do not tolerate it.
        taints: Vec<Taint>,
        /// How many nodes are replaced at a time.
        update: NodeUpdate = NodeUpdate::default(),
        /// Whether EKS replaces nodes that are unwell.
        repair: bool = true,
        /// Where instances stand: `private`, or `public` with public addresses.
        placement: Side = Side::Private,
        /// The name of an SSH key pair.
        key_name: Option<String>,
    }
}

record! {
    /// A launch template that exists.
    pub struct OwnTemplate {
        /// Its id: `lt-0123456789abcdef0`.
        id: String,
        /// Its version. Left out: what was the default one when the group was made.
        version: Option<u32> as Option<Between<1, 10000>>,
        /// Whether it names an image of one's own. The cluster's version then says nothing about these nodes.
        image: bool = false,
    }
}

choice! {
    /// An image that AWS makes for EKS.
    pub enum ImageOfNodes {
        /// Amazon Linux 2023.
        Al2023 = "al2023",
        /// Bottlerocket: nothing but containers.
        Bottlerocket = "bottlerocket",
        /// Windows Server 2022 Core.
        Windows2022Core = "windows_server_2022_core",
        /// Windows Server 2022 Full.
        Windows2022Full = "windows_server_2022_full",
        /// Windows Server 2025 Core.
        Windows2025Core = "windows_server_2025_core",
        /// Windows Server 2025 Full.
        Windows2025Full = "windows_server_2025_full",
    }
}

record! {
    /// What keeps pods away that do not tolerate it.
    pub struct Taint {
        /// Its key.
        key: String,
        /// Its value.
        value: Option<String> as Option<Text>,
        /// What it does.
        effect: TaintEffect,
    }
}

choice! {
    /// What a taint does.
    pub enum TaintEffect {
        /// No further pods come.
        NoSchedule = "no-schedule",
        /// Pods come if there is no other place.
        PreferNoSchedule = "prefer-no-schedule",
        /// No further pods come, and those that are there go.
        NoExecute = "no-execute",
    }
}

record! {
    /// How many nodes are replaced at a time.
    #[derive(Default)]
    pub struct NodeUpdate {
        /// So many nodes at most; 1 when both are left out.
        max_unavailable: Option<u32> as Option<Between<1, 100>>,
        /// So many percent of the nodes at most.
        max_unavailable_percentage: Option<u32> as Option<Between<1, 100>>,
        /// Whether new nodes come first (`default`) or old ones go first (`minimal`).
        strategy: Option<UpdateStrategy>,
    }
}

choice! {
    /// What comes first where nodes are replaced.
    pub enum UpdateStrategy {
        /// New nodes.
        Default = "default",
        /// Room: no nodes above the group's size.
        Minimal = "minimal",
    }
}

record! {
    /// Which pods run on Fargate: those that one of the selectors fits.
    pub struct FargateProfile {
        /// One to five.
        selectors: Vec<Selector>,
    }
}

record! {
    /// Pods of a namespace.
    pub struct Selector {
        /// Their namespace; `*` and `?` stand for any text and any letter.
        namespace: String,
        /// The labels that they have; any when left out.
        labels: BTreeMap<String, String> as BTreeMap<String, Text>,
    }
}

/// What AWS puts on an instance type besides processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extra {
    /// NVIDIA's graphics cards.
    Nvidia,
    /// AWS's own chips for neural networks.
    Neuron,
}

/// What an instance type has, by its name.
pub(crate) fn extra(instance: &str) -> Option<Extra> {
    let letters: String = instance.chars().take_while(char::is_ascii_alphabetic).collect();
    // g4ad has graphics cards of AMD, for which EKS has no image.
    if instance.starts_with("g4ad") {
        return None;
    }
    match letters.as_str() {
        "g" | "gr" | "p" => Some(Extra::Nvidia),
        "inf" | "trn" => Some(Extra::Neuron),
        _ => None,
    }
}

impl NodeGroup {
    /// Which of EKS's images its instances run, in EKS's words. The first instance type tells.
    pub fn ami_type(&self) -> String {
        if self.own_image() {
            return "CUSTOM".to_owned();
        }
        if let Some(named) = &self.ami_type {
            return named.clone();
        }
        let first = self.instances.first().map_or("", String::as_str);
        let processor = if is_arm(first) { "ARM_64" } else { "x86_64" };
        let extra = extra(first);
        match self.image {
            ImageOfNodes::Al2023 => match extra {
                Some(Extra::Nvidia) => format!("AL2023_{processor}_NVIDIA"),
                Some(Extra::Neuron) => format!("AL2023_{processor}_NEURON"),
                None => format!("AL2023_{processor}_STANDARD"),
            },
            ImageOfNodes::Bottlerocket => match extra {
                Some(Extra::Nvidia) => format!("BOTTLEROCKET_{processor}_NVIDIA"),
                _ => format!("BOTTLEROCKET_{processor}"),
            },
            ImageOfNodes::Windows2022Core => "WINDOWS_CORE_2022_x86_64".to_owned(),
            ImageOfNodes::Windows2022Full => "WINDOWS_FULL_2022_x86_64".to_owned(),
            ImageOfNodes::Windows2025Core => "WINDOWS_CORE_2025_x86_64".to_owned(),
            ImageOfNodes::Windows2025Full => "WINDOWS_FULL_2025_x86_64".to_owned(),
        }
    }

    /// Does its launch template name an image of one's own?
    pub fn own_image(&self) -> bool {
        self.launch_template.as_ref().is_some_and(|template| template.image)
    }

    /// Does the image run Windows?
    pub fn is_windows(&self) -> bool {
        self.ami_type().starts_with("WINDOWS")
    }
}
