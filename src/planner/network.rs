//! The network: a VPC of the environment's own, or one that exists.

use std::collections::BTreeMap;

use super::{Context, endpoints};
use crate::engine::{Address, Class, Desired, Failure, Handle, Input, Owner, Wait};
use crate::manifest::environment::{
    ImportedVpc, Nat, OwnVpc, Subnet as Written, Vpc as Manifest, Zones,
};
use crate::resources::ec2::{
    EgressOnlyInternetGateway, ElasticIp, InternetGateway, NatGateway, NatGatewayId, Route,
    RouteTable, RouteTarget, Subnet, SubnetId, Vpc, VpcId,
};

/// What stands in it.
#[derive(Debug)]
pub(super) struct Network {
    /// The VPC.
    pub(super) vpc: Input<VpcId>,
    /// Subnets with a route to the internet.
    pub(super) public: Vec<Input<SubnetId>>,
    /// Subnets without one, or with a NAT gateway.
    pub(super) private: Vec<Input<SubnetId>>,
    /// The route tables of public subnets.
    pub(super) public_routes: Vec<Address>,
    /// The route tables of private subnets, and what else tasks in them need to reach AWS.
    pub(super) private_routes: Vec<Address>,
    /// Whether there are IPv6 addresses beside IPv4 ones.
    pub(super) ipv6: bool,
}

/// Plans the network, or refers to the one that exists.
pub(super) fn plan(desired: &mut Desired, context: &Context<'_>) -> Result<Network, Failure> {
    match &context.manifest()?.network.vpc {
        Manifest::Imported(imported) => Ok(existing(imported)),
        Manifest::Own(own) => Planner { desired, context, own }.plan(),
    }
}

fn existing(imported: &ImportedVpc) -> Network {
    let known = |ids: &[String]| ids.iter().map(|id| Input::Known(id.as_str().into())).collect();
    Network {
        vpc: Input::Known(imported.id.as_str().into()),
        public: known(&imported.public),
        private: known(&imported.private),
        public_routes: Vec::new(),
        private_routes: Vec::new(),
        ipv6: false,
    }
}

const OWNER: Owner = Owner::Environment;
/// Everywhere.
const INTERNET: &str = "0.0.0.0/0";
/// Everywhere, by IPv6.
const INTERNET_V6: &str = "::/0";
/// The first /64 of private subnets: public ones have those below.
const PRIVATE_PARTS: usize = 128;

struct Planner<'a> {
    desired: &'a mut Desired,
    context: &'a Context<'a>,
    own: &'a OwnVpc,
}

impl Planner<'_> {
    fn plan(mut self) -> Result<Network, Failure> {
        let zones = self.zones()?;
        self.refuse_zones_elsewhere(&zones)?;
        let vpc = Vpc {
            cidr: self.own.cidr.to_string(),
            tenancy: "default".to_owned(),
            // Cloud Map's private names need both.
            dns_support: true,
            dns_hostnames: true,
            ipv6: self.own.ipv6,
            tags: self.context.tags()?,
        };
        let vpc = self.desired.add(&OWNER, "main", &vpc)?.id();
        // Subnets take their part of an IPv6 block that must be there.
        let whole = if self.own.ipv6 { vpc.clone().when_ready() } else { vpc.clone() };
        let public = self.subnets(&whole, "public", &self.own.public, &zones)?;
        let private = self.subnets(&whole, "private", &self.own.private, &zones)?;
        let mut public_routes = Vec::new();
        let mut private_routes = Vec::new();
        let mut tables = Vec::new();
        if !public.is_empty() {
            let table = self.public_routes(&vpc, &public)?;
            let gateways = self.nat_gateways(&vpc, &public, &private, table.address())?;
            tables.push(table.id());
            public_routes.push(table.address().clone());
            for table in self.private_routes(&vpc, &private, &gateways)? {
                tables.push(table.id());
                private_routes.push(table.address().clone());
            }
        } else if !private.is_empty() && !self.own.endpoints.is_empty() {
            for table in self.private_routes(&vpc, &private, &[])? {
                tables.push(table.id());
                private_routes.push(table.address().clone());
            }
        }
        let within = if private.is_empty() { &public } else { &private };
        private_routes.extend(endpoints::plan(
            self.desired,
            self.context,
            self.own,
            &endpoints::Place { vpc: &vpc, subnets: within, tables: &tables },
        )?);
        Ok(Network { vpc, public, private, public_routes, private_routes, ipv6: self.own.ipv6 })
    }

    /// A zone's name begins with its region's.
    fn refuse_zones_elsewhere(&self, zones: &[String]) -> Result<(), Failure> {
        let region = self.context.region;
        let written = self.own.public.iter().chain(&self.own.private);
        let mut all = zones.iter().chain(written.filter_map(|subnet| subnet.zone.as_ref()));
        let Some(zone) = all.find(|zone| !zone.starts_with(region)) else { return Ok(()) };
        let failure = Failure::new(
            Class::Invalid,
            format!(
                "zone `{zone}` is not in region {region}, where environment `{}` is",
                self.context.environment
            ),
        );
        let of = zone.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        Err(failure.with_hint(format!(
            "name zones of {region} under `network.vpc` in the environment's manifest, such as {region}a and {region}b, or write `region: {of}`"
        )))
    }

    /// The names of the zones that subnets stand in.
    fn zones(&self) -> Result<Vec<String>, Failure> {
        match &self.own.zones {
            Zones::Names(names) => Ok(names.clone()),
            // For the names of resources alone no zones are asked for.
            Zones::Count(count) if self.context.zones.len() >= *count => {
                Ok(self.context.zones[..*count].to_vec())
            }
            Zones::Count(count) => Err(Failure::new(
                Class::Invalid,
                format!(
                    "region {} has {} availability zones, and the manifest wants {count}",
                    self.context.region,
                    self.context.zones.len()
                ),
            )
            .with_hint(
                "lower `network.vpc.zones` in the environment's manifest, or choose another region",
            )),
        }
    }

    fn subnets(
        &mut self,
        vpc: &Input<VpcId>,
        side: &str,
        written: &[Written],
        zones: &[String],
    ) -> Result<Vec<Input<SubnetId>>, Failure> {
        let mut ids = Vec::new();
        for (index, one) in written.iter().enumerate() {
            let zone = one.zone.clone().or_else(|| zones.get(index).cloned()).unwrap_or_default();
            let subnet = Subnet {
                vpc: vpc.clone(),
                cidr: one.cidr.to_string(),
                zone,
                map_public_ip: side == "public",
                ipv6: self.part(side, index),
                assign_ipv6: self.own.ipv6,
                dns64: false,
                tags: self.subnet_tags(side)?,
            };
            ids.push(self.desired.add(&OWNER, format!("{side}-{}", index + 1), &subnet)?.id());
        }
        Ok(ids)
    }

    /// Where Kubernetes runs, its controllers find by these where load balancers go.
    fn subnet_tags(&self, side: &str) -> Result<BTreeMap<String, String>, Failure> {
        let mut tags = self.context.tags()?;
        if self.context.manifest()?.cluster.kubernetes.is_some() {
            let role = if side == "public" { "elb" } else { "internal-elb" };
            tags.insert(format!("kubernetes.io/role/{role}"), "1".to_owned());
        }
        Ok(tags)
    }

    /// Which /64 of the VPC's IPv6 block is a subnet's.
    fn part(&self, side: &str, index: usize) -> Option<u8> {
        let first = if side == "public" { 0 } else { PRIVATE_PARTS };
        self.own.ipv6.then(|| u8::try_from(first + index).ok()).flatten()
    }

    /// One table for all public subnets: their way to the internet.
    fn public_routes(
        &mut self,
        vpc: &Input<VpcId>,
        subnets: &[Input<SubnetId>],
    ) -> Result<Handle<RouteTable>, Failure> {
        let gateway = InternetGateway { vpc: Some(vpc.clone()), tags: self.context.tags()? };
        let gateway = self.desired.add(&OWNER, "main", &gateway)?.id();
        let target = RouteTarget::InternetGateway(gateway);
        let everywhere = [INTERNET, INTERNET_V6];
        let table = RouteTable {
            vpc: vpc.clone(),
            routes: everywhere[..if self.own.ipv6 { 2 } else { 1 }]
                .iter()
                .map(|to| Route { destination: (*to).to_owned(), target: target.clone() })
                .collect(),
            subnets: subnets.to_vec(),
            tags: self.context.tags()?,
        };
        self.desired.add(&OWNER, "public", &table)
    }

    /// What the manifest says; left out, nodes of Kubernetes have one gateway, and tasks none.
    fn nat(&self) -> Result<Nat, Failure> {
        let nodes = self.context.manifest()?.cluster.kubernetes.is_some();
        let usual = if nodes && self.own.endpoints.is_empty() { Nat::Single } else { Nat::None };
        Ok(self.own.nat.unwrap_or(usual))
    }

    /// None, one, one per zone, or one that is in all zones.
    fn nat_gateways(
        &mut self,
        vpc: &Input<VpcId>,
        public: &[Input<SubnetId>],
        private: &[Input<SubnetId>],
        internet: &Address,
    ) -> Result<Vec<Input<NatGatewayId>>, Failure> {
        let count = match self.nat()? {
            Nat::Regional if private.is_empty() => 0,
            Nat::Regional => {
                let gateway = NatGateway::regional(vpc.clone(), self.context.tags()?);
                let gateway = self.desired.add(&OWNER, "nat", &gateway)?;
                self.desired.order(gateway.address(), internet, Wait::Created);
                return Ok(vec![gateway.id().when_ready()]);
            }
            Nat::None => 0,
            Nat::Single => 1,
            Nat::PerZone => public.len().min(private.len()),
        };
        let mut ids = Vec::new();
        for (index, subnet) in public.iter().take(count).enumerate() {
            let name = format!("nat-{}", index + 1);
            let address = ElasticIp { pool: "amazon".to_owned(), tags: self.context.tags()? };
            let address = self.desired.add(&OWNER, &name, &address)?.allocation();
            let gateway = NatGateway::zonal(subnet.clone(), address, self.context.tags()?);
            let gateway = self.desired.add(&OWNER, &name, &gateway)?;
            // It fails where its subnet has no way to the internet yet.
            self.desired.order(gateway.address(), internet, Wait::Created);
            // A route to a gateway that does not work yet would lose what is sent.
            ids.push(gateway.id().when_ready());
        }
        Ok(ids)
    }

    /// A table per private subnet, so that one more NAT gateway moves no other subnet.
    fn private_routes(
        &mut self,
        vpc: &Input<VpcId>,
        subnets: &[Input<SubnetId>],
        gateways: &[Input<NatGatewayId>],
    ) -> Result<Vec<Handle<RouteTable>>, Failure> {
        let mut tables = Vec::new();
        let egress = match self.own.ipv6 && !subnets.is_empty() {
            true => {
                let gateway =
                    EgressOnlyInternetGateway { vpc: vpc.clone(), tags: self.context.tags()? };
                Some(self.desired.add(&OWNER, "main", &gateway)?.id())
            }
            false => None,
        };
        for (index, subnet) in subnets.iter().enumerate() {
            let gateway = gateways.get(index).or(gateways.first());
            let v4 = gateway.map(|gateway| Route {
                destination: INTERNET.to_owned(),
                target: RouteTarget::NatGateway(gateway.clone()),
            });
            let v6 = egress.as_ref().map(|gateway| Route {
                destination: INTERNET_V6.to_owned(),
                target: RouteTarget::EgressOnlyInternetGateway(gateway.clone()),
            });
            let table = RouteTable {
                vpc: vpc.clone(),
                routes: v4.into_iter().chain(v6).collect(),
                subnets: vec![subnet.clone()],
                tags: self.context.tags()?,
            };
            let name = format!("private-{}", index + 1);
            tables.push(self.desired.add(&OWNER, name, &table)?);
        }
        Ok(tables)
    }
}
