//! The VPC of an environment.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::endpoints::Endpoint;
use crate::manifest::cidr::{Cidr, Range};
use crate::manifest::read::{
    Addresses, AnyAddresses, Port, Read, Reader, RetentionDays, choice, is_map, record, whole,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

/// Range of a VPC that names none.
pub(crate) const DEFAULT_CIDR: Cidr = Cidr::new([10, 0, 0, 0], 16);

/// `network`: the VPC and what may go in and out of the environment's security group.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Network {
    /// The VPC.
    pub vpc: Vpc,
    /// Rules of the environment's security group, besides free traffic within the group.
    pub security_group: SecurityGroupRules,
    /// The VPC's flow log, where one is wanted.
    pub flow_logs: Option<FlowLogs>,
}

/// A VPC of the environment's own, or one that exists.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vpc {
    /// Made, changed and deleted with the environment.
    Own(OwnVpc),
    /// Made by somebody else, and never changed.
    Imported(ImportedVpc),
}

/// A VPC that the environment makes.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct OwnVpc {
    /// Its address range.
    pub cidr: Cidr,
    /// Its availability zones.
    pub zones: Zones,
    /// Public subnets, one per zone; written ones, or cut from the range.
    pub public: Vec<Subnet>,
    /// Private subnets, one per zone; written ones, or cut from the range.
    pub private: Vec<Subnet>,
    /// How private subnets reach the internet, where the manifest says it.
    pub nat: Option<Nat>,
    /// Services of AWS that are reached by ways of the VPC's own.
    pub endpoints: Vec<String>,
    /// Whether there are IPv6 addresses beside IPv4 ones.
    pub ipv6: bool,
}

/// Availability zones: by name, or that many of the region's first.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Zones {
    /// The region's first so many zones, in alphabetical order.
    Count(usize),
    /// These zones.
    Names(Vec<String>),
}

impl Zones {
    /// How many zones there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Count(count) => *count,
            Self::Names(names) => names.len(),
        }
    }
}

/// A subnet to be made; the n-th of a list stands in the n-th zone.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Subnet {
    /// Its address range.
    pub cidr: Cidr,
    /// Its availability zone, when the manifest names it.
    pub zone: Option<String>,
}

/// A VPC that exists.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ImportedVpc {
    /// `vpc-...`.
    pub id: String,
    /// Ids of its public subnets.
    pub public: Vec<String>,
    /// Ids of its private subnets.
    pub private: Vec<String>,
}

choice! {
    /// How private subnets reach the internet.
    pub enum Nat {
        /// Not at all.
        None = "none",
        /// Through one NAT gateway: cheap, but its zone takes all down with it.
        Single = "single",
        /// Through one NAT gateway in each zone.
        PerZone = "per-zone",
        /// Through one NAT gateway that is in every zone of the VPC.
        Regional = "regional",
    }
}

record! {
    /// The network of an environment.
    pub(crate) struct NetworkMap {
        /// The VPC: its own when no `id` is given.
        vpc: VpcMap = VpcMap::default(),
    }
}

record! {
    /// A VPC: made for the environment (`cidr`, `zones`, `nat`), or an existing one (`id`).
    #[derive(Default)]
    pub(crate) struct VpcMap {
        /// The id of an existing VPC. It and its subnets are used and never changed.
        id: Option<String> as Option<VpcId>,
        /// The address range of a new VPC; 10.0.0.0/16 when left out.
        cidr: Option<Cidr> as Option<Addresses>,
        /// Availability zones of a new VPC: how many (2 to 6), or their names; 2 when left out.
        zones: Option<Zones>,
        /// Subnets: ids of existing ones, or ranges of new ones.
        subnets: SubnetsMap = SubnetsMap::default(),
        /// How private subnets of a new VPC reach the internet.
        nat: Option<Nat>,
        /// Services of AWS that a new VPC reaches without the internet: short names such as `s3`, `ecr`, `logs`;
        /// `tasks` for all that tasks on Fargate need; or whole names, `com.amazonaws.REGION.NAME`.
        endpoints: Vec<String> as Vec<Endpoint>,
        /// Whether a new VPC, its subnets and load balancers have IPv6 addresses, too.
        ipv6: Option<bool>,
        /// Whether it is logged who talks to whom: `true`, or how long the lines are kept.
        flow_logs: Option<FlowLogs> as FlowLogsSwitch,
        /// Rules of the environment's security group.
        security_group: SecurityGroupRules = SecurityGroupRules::default(),
    }
}

record! {
    /// The VPC's flow log.
    #[derive(Eq)]
    pub struct FlowLogs {
        /// Days that the lines are kept in CloudWatch Logs.
        retention: u32 as RetentionDays = 14,
    }
}

/// `true`, `false`, or how long the lines are kept.
#[derive(Debug)]
pub(crate) struct FlowLogsSwitch;

impl JsonSchema for FlowLogsSwitch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FlowLogsSwitch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<FlowLogs>(generator)])
    }
}

impl Read for FlowLogsSwitch {
    type Value = Option<FlowLogs>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Option<FlowLogs>> {
        if is_map(node) {
            return FlowLogs::read(node, reader).map(Some);
        }
        let before = reader.problems.len();
        let on = bool::read(node, reader);
        if let Some(problem) = reader.problems.get_mut(before) {
            problem.expected = Some("`true`, `false`, or a map with `retention`".to_owned());
        }
        on.map(|on| on.then_some(FlowLogs { retention: 14 }))
    }

    fn absent() -> Option<Option<FlowLogs>> {
        Some(None)
    }
}

record! {
    /// The subnets of a VPC.
    #[derive(Default)]
    pub(crate) struct SubnetsMap {
        /// Subnets with a route to the internet.
        public: Vec<SubnetMap>,
        /// Subnets without one, or with a NAT gateway.
        private: Vec<SubnetMap>,
    }
}

record! {
    /// One subnet: `id` of an existing one, or `cidr` (and `az`) of a new one.
    pub(crate) struct SubnetMap {
        /// The id of an existing subnet.
        id: Option<String> as Option<SubnetId>,
        /// The address range of a new subnet.
        cidr: Option<Cidr> as Option<Addresses>,
        /// The availability zone of a new subnet.
        az: Option<String>,
    }
}

record! {
    /// Rules of the environment's security group, besides free traffic within the group.
    #[derive(Default)]
    pub struct SecurityGroupRules {
        /// What may come in.
        ingress: Vec<SecurityGroupRule>,
        /// What may go out; everything when left out.
        egress: Vec<SecurityGroupRule>,
    }
}

record! {
    /// Lets traffic through between the environment's services and a range of addresses.
    pub struct SecurityGroupRule {
        /// The protocol; `-1` for all.
        ip_protocol: Protocol,
        /// A port, or a range such as `0-65535`; not for `icmp` and `-1`.
        ports: Option<(u16, u16)> as Option<Ports>,
        /// The addresses at the other end.
        cidr: Range as AnyAddresses,
    }
}

choice! {
    /// A protocol above IP.
    pub enum Protocol {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
        /// ICMP.
        Icmp = "icmp",
        /// All protocols.
        All = "-1" | "all",
    }
}

impl Default for Network {
    fn default() -> Self {
        VpcMap::default().into()
    }
}

impl From<VpcMap> for Network {
    /// Fills in what is left out. Mixtures of the two forms are for `check` to refuse.
    fn from(map: VpcMap) -> Self {
        let VpcMap { id, cidr, zones, subnets, nat, endpoints, ipv6, flow_logs, security_group } =
            map;
        if let Some(id) = id {
            let ids = |subnets: Vec<SubnetMap>| {
                subnets.into_iter().filter_map(|subnet| subnet.id).collect()
            };
            let vpc =
                ImportedVpc { id, public: ids(subnets.public), private: ids(subnets.private) };
            return Self { vpc: Vpc::Imported(vpc), security_group, flow_logs };
        }
        let cidr = cidr.unwrap_or(DEFAULT_CIDR);
        let written = subnets.public.len().max(subnets.private.len());
        let zones = zones.unwrap_or_else(|| {
            // Subnets that all say where they are leave nothing to ask the region.
            let longer =
                if subnets.public.len() == written { &subnets.public } else { &subnets.private };
            let named: Option<Vec<String>> =
                longer.iter().map(|subnet| subnet.az.clone()).collect();
            match named {
                Some(names) if !names.is_empty() => Zones::Names(names),
                _ => Zones::Count(if written > 0 { written } else { 2 }),
            }
        });
        let fill = |written: Vec<SubnetMap>, half: u32| -> Vec<Subnet> {
            if written.is_empty() {
                return cut(cidr, zones.count(), half);
            }
            let subnet = |map: SubnetMap| Some(Subnet { cidr: map.cidr?, zone: map.az });
            written.into_iter().filter_map(subnet).collect()
        };
        let own = OwnVpc {
            cidr,
            public: fill(subnets.public, 0),
            private: fill(subnets.private, 1),
            zones,
            nat,
            endpoints,
            ipv6: ipv6.unwrap_or(false),
        };
        Self { vpc: Vpc::Own(own), security_group, flow_logs }
    }
}

/// One subnet per zone: public ones from the lower half of the range, private ones from the upper,
/// each a sixteenth of the range. So a zone more or less moves no subnet. Smaller ranges than /24 are
/// cut into fewer parts, because AWS wants at least 16 addresses in a subnet; nothing comes out
/// when they do not fit.
fn cut(cidr: Cidr, zones: usize, half: u32) -> Vec<Subnet> {
    let bits = 28u8.saturating_sub(cidr.prefix()).min(4);
    if bits == 0 || zones > 1 << (bits - 1) {
        return Vec::new();
    }
    let first = half << (bits - 1);
    let zones = u32::try_from(zones).unwrap_or_default();
    (first..first + zones)
        .filter_map(|index| cidr.part(cidr.prefix() + bits, index))
        .map(|cidr| Subnet { cidr, zone: None })
        .collect()
}

impl JsonSchema for Network {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        NetworkMap::json_schema(generator)
    }
}

impl Read for Network {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let before = reader.problems.len();
        let map = NetworkMap::read(node, reader)?;
        if let Some(vpc) = node.get("vpc").filter(|_| reader.problems.len() == before) {
            crate::manifest::check::vpc(&map.vpc, &vpc.node, vpc.span, reader);
        }
        (reader.problems.len() == before).then(|| map.vpc.into())
    }
}

impl JsonSchema for Zones {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Zones".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer", "minimum": 2, "maximum": 6 },
            { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 6 },
        ] })
    }
}

impl Read for Zones {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let expected = "a number of availability zones, 2 to 6, or a list of their names";
        if let Value::Sequence(items) = &node.value {
            let names = Vec::<String>::read(node, reader)?;
            if (2..=6).contains(&items.len()) {
                return Some(Self::Names(names));
            }
            let span = node.span;
            reader.error(span, format!("{} zones are listed", items.len())).expected =
                Some(expected.to_owned());
            return None;
        }
        if is_map(node) {
            return reader.wrong(node, expected);
        }
        whole::<i64>(node, reader, 2, 6, expected)
            .and_then(|count| usize::try_from(count).ok())
            .map(Self::Count)
    }
}

use crate::manifest::read::notation;

notation! {
    /// A port or `from-to`.
    Ports as (u16, u16),
    { "type": ["integer", "string"], "examples": [443, "0-65535"] },
    |node, reader| {
        let expected = "a port such as `443`, or a range such as `0-65535`";
        let text = &reader.text(node, expected)?.text;
        if let Some((from, to)) = text.split_once('-') {
            return match (from.parse::<u16>(), to.parse::<u16>()) {
                (Ok(from), Ok(to)) if from <= to => Some((from, to)),
                _ => reader.wrong(node, expected),
            };
        }
        if text.parse::<u16>().is_err() {
            return reader.wrong(node, expected);
        }
        Port::read(node, reader).map(|port| (port, port))
    }
}

notation! {
    /// `vpc-...`
    VpcId as String,
    { "type": "string", "pattern": "^vpc-[0-9a-f]+$" },
    |node, reader| id(node, reader, "vpc-")
}

notation! {
    /// `subnet-...`
    SubnetId as String,
    { "type": "string", "pattern": "^subnet-[0-9a-f]+$" },
    |node, reader| id(node, reader, "subnet-")
}

notation! {
    /// `sg-...`
    SecurityGroupId as String,
    { "type": "string", "pattern": "^sg-[0-9a-f]+$" },
    |node, reader| id(node, reader, "sg-")
}

/// An EC2 id with its prefix.
fn id(node: &Node, reader: &mut Reader, prefix: &str) -> Option<String> {
    let expected = format!("an id such as `{prefix}0a1b2c3d4e5f67890`");
    let text = &reader.text(node, &expected)?.text;
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    if !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()) {
        Some(text.clone())
    } else {
        reader.wrong(node, &expected)
    }
}
