//! Capacity of an environment's own: groups of instances that services name.

use crate::manifest::read::{Between, choice, record};

record! {
    /// Instances that services may run on, instead of Fargate: `ec2` or `managed_instances`.
    pub struct Capacity {
        /// An Auto Scaling group that ECS scales.
        ec2: Option<Ec2Capacity>,
        /// Instances that ECS chooses, launches, patches and terminates itself.
        managed_instances: Option<ManagedCapacity>,
    }
}

record! {
    /// An Auto Scaling group that ECS scales.
    pub struct Ec2Capacity {
        /// Instance types, the preferred first, of one architecture: `m7g.large`.
        instances: Vec<String>,
        /// Fewest instances.
        min: u32 as Between<0, 10000> = 0,
        /// Most instances.
        max: u32 as Between<0, 10000>,
        /// How full ECS keeps the group, in percent: below 100 some room is always free.
        target: u32 as Between<1, 100> = 100,
        /// What instances run: an image that AWS makes for ECS. Graphics cards and Graviton get theirs by themselves.
        image: ImageFamily = ImageFamily::Al2023,
        /// An image of your own (`ami-...`) with ECS's agent, instead of AWS's latest.
        ami: Option<String>,
        /// The share of Spot instances, in percent.
        spot: u32 as Between<0, 100> = 0,
        /// So many instances are On-Demand in any case.
        on_demand_base: u32 as Between<0, 10000> = 0,
        /// GiB of an instance's disk; the image's own size when left out.
        disk: Option<u32> as Option<Between<8, 16384>>,
        /// The name of an SSH key pair.
        key_name: Option<String>,
        /// More for an instance to run when it starts first; goes behind what joins the cluster.
        user_data: Option<String>,
        /// Where instances stand: `public` with public addresses, or `private`.
        placement: Side = Side::Public,
        /// Seconds until a new instance counts.
        warmup: u32 as Between<0, 10000> = 300,
    }
}

record! {
    /// Instances that ECS chooses, launches, patches and terminates itself.
    pub struct ManagedCapacity {
        /// How many virtual CPUs an instance may have.
        vcpus: Option<Bounds>,
        /// How much memory an instance may have, in MiB.
        memory: Option<Bounds>,
        /// Types that alone are chosen; `*` stands for anything.
        instances: Vec<String>,
        /// Types that are never chosen; `*` stands for anything.
        exclude: Vec<String>,
        /// Who makes the processors: `intel`, `amd`, `amazon-web-services`.
        manufacturers: Vec<String>,
        /// How many graphics cards an instance may have.
        gpus: Option<Bounds>,
        /// Whether types of the T family are chosen.
        burstable: bool = false,
        /// Whether Spot instances are used.
        spot: bool = false,
        /// GiB of an instance's data disk; ECS's default when left out.
        disk: Option<u32> as Option<Between<30, 16384>>,
        /// Whether CloudWatch gets measures every minute.
        detailed_monitoring: bool = false,
        /// Where instances stand: `public` or `private`.
        placement: Side = Side::Private,
        /// Seconds after which ECS lets idle instances go; its default when left out.
        scale_in_after: Option<u32> as Option<Between<0, 3600>>,
    }
}

record! {
    /// From how many to how many.
    pub struct Bounds {
        /// Fewest.
        min: u32 as Between<0, 1000000>,
        /// Most; no limit when left out.
        max: Option<u32> as Option<Between<0, 1000000>>,
    }
}

choice! {
    /// Which of the environment's subnets.
    pub enum Side {
        /// Those with a route to the internet; instances get public addresses.
        Public = "public",
        /// Those without, or with a NAT gateway.
        Private = "private",
    }
}

choice! {
    /// An image that AWS makes for ECS.
    pub enum ImageFamily {
        /// Amazon Linux 2023.
        Al2023 = "al2023",
        /// Bottlerocket: nothing but containers.
        Bottlerocket = "bottlerocket",
        /// Windows Server 2019 Core.
        Windows2019Core = "windows_server_2019_core",
        /// Windows Server 2019 Full.
        Windows2019Full = "windows_server_2019_full",
        /// Windows Server 2022 Core.
        Windows2022Core = "windows_server_2022_core",
        /// Windows Server 2022 Full.
        Windows2022Full = "windows_server_2022_full",
    }
}

impl Ec2Capacity {
    /// Do its instances run on Graviton? The first type tells; a `g` follows the generation's number.
    pub fn is_arm(&self) -> bool {
        self.instances.first().is_some_and(|name| is_arm(name))
    }

    /// Have its instances graphics cards?
    pub fn has_gpus(&self) -> bool {
        let family = |name: &String| {
            let letters: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
            matches!(letters.as_str(), "g" | "gr" | "p")
        };
        self.instances.first().is_some_and(family)
    }

    /// Its instances' operating system, as ECS calls it: `LINUX`, `WINDOWS_SERVER_2022_CORE`…
    pub fn system(&self) -> &'static str {
        match self.image {
            ImageFamily::Al2023 | ImageFamily::Bottlerocket => "LINUX",
            ImageFamily::Windows2019Core => "WINDOWS_SERVER_2019_CORE",
            ImageFamily::Windows2019Full => "WINDOWS_SERVER_2019_FULL",
            ImageFamily::Windows2022Core => "WINDOWS_SERVER_2022_CORE",
            ImageFamily::Windows2022Full => "WINDOWS_SERVER_2022_FULL",
        }
    }
}

/// Is this a type with AWS's own ARM processors (`m7g.large`, `c7gn.xlarge`, `t4g.small`)?
pub(crate) fn is_arm(name: &str) -> bool {
    let family = name.split('.').next().unwrap_or_default();
    let after = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    after.starts_with('g') || family == "a1"
}

#[cfg(test)]
mod tests {
    use super::is_arm;

    #[test]
    fn graviton_is_told_by_the_name() {
        let arm = ["m7g.large", "t4g.small", "c7gn.xlarge", "g5g.xlarge", "a1.large", "r8gd.large"];
        let intel =
            ["m7i.large", "g5.xlarge", "t3.micro", "p4d.24xlarge", "c7a.large", "g4dn.xlarge"];
        assert!(arm.iter().all(|name| is_arm(name)));
        assert!(!intel.iter().any(|name| is_arm(name)));
    }
}
