//! The network: a VPC of the environment's own, or one that exists.

use super::Context;
use crate::engine::{Address, Class, Desired, Failure, Input, Owner, Wait};
use crate::manifest::environment::{
    ImportedVpc, Nat, OwnVpc, Subnet as Written, Vpc as Manifest, Zones,
};
use crate::resources::ec2::{
    ElasticIp, InternetGateway, NatGateway, NatGatewayId, Route, RouteTable, RouteTarget, Subnet,
    SubnetId, Vpc, VpcId,
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
    /// The route tables of private subnets.
    pub(super) private_routes: Vec<Address>,
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
    }
}

const OWNER: Owner = Owner::Environment;
/// Everywhere.
const INTERNET: &str = "0.0.0.0/0";

struct Planner<'a> {
    desired: &'a mut Desired,
    context: &'a Context<'a>,
    own: &'a OwnVpc,
}

impl Planner<'_> {
    fn plan(mut self) -> Result<Network, Failure> {
        let zones = self.zones()?;
        let vpc = Vpc {
            cidr: self.own.cidr.to_string(),
            tenancy: "default".to_owned(),
            // Cloud Map's private names need both.
            dns_support: true,
            dns_hostnames: true,
            tags: self.context.tags()?,
        };
        let vpc = self.desired.add(&OWNER, "main", &vpc)?.id();
        let public = self.subnets(&vpc, "public", &self.own.public, &zones)?;
        let private = self.subnets(&vpc, "private", &self.own.private, &zones)?;
        let mut public_routes = Vec::new();
        let mut private_routes = Vec::new();
        if !public.is_empty() {
            let table = self.public_routes(&vpc, &public)?;
            let gateways = self.nat_gateways(&public, &private, &table)?;
            public_routes.push(table);
            private_routes = self.private_routes(&vpc, &private, &gateways)?;
        }
        Ok(Network { vpc, public, private, public_routes, private_routes })
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
                tags: self.context.tags()?,
            };
            ids.push(self.desired.add(&OWNER, format!("{side}-{}", index + 1), &subnet)?.id());
        }
        Ok(ids)
    }

    /// One table for all public subnets: their way to the internet.
    fn public_routes(
        &mut self,
        vpc: &Input<VpcId>,
        subnets: &[Input<SubnetId>],
    ) -> Result<Address, Failure> {
        let gateway = InternetGateway { vpc: Some(vpc.clone()), tags: self.context.tags()? };
        let gateway = self.desired.add(&OWNER, "main", &gateway)?.id();
        let table = RouteTable {
            vpc: vpc.clone(),
            routes: vec![Route {
                destination: INTERNET.to_owned(),
                target: RouteTarget::InternetGateway(gateway),
            }],
            subnets: subnets.to_vec(),
            tags: self.context.tags()?,
        };
        Ok(self.desired.add(&OWNER, "public", &table)?.address().clone())
    }

    /// None, one, or one per zone.
    fn nat_gateways(
        &mut self,
        public: &[Input<SubnetId>],
        private: &[Input<SubnetId>],
        internet: &Address,
    ) -> Result<Vec<Input<NatGatewayId>>, Failure> {
        let count = match self.own.nat {
            Nat::None => 0,
            Nat::Single => 1,
            Nat::PerZone => public.len().min(private.len()),
        };
        let mut ids = Vec::new();
        for (index, subnet) in public.iter().take(count).enumerate() {
            let name = format!("nat-{}", index + 1);
            let address = ElasticIp { pool: "amazon".to_owned(), tags: self.context.tags()? };
            let address = self.desired.add(&OWNER, &name, &address)?.allocation();
            let gateway = NatGateway {
                subnet: subnet.clone(),
                connectivity: "public".to_owned(),
                allocation: Some(address),
                tags: self.context.tags()?,
            };
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
    ) -> Result<Vec<Address>, Failure> {
        let mut tables = Vec::new();
        for (index, subnet) in subnets.iter().enumerate() {
            let gateway = gateways.get(index).or(gateways.first());
            let table = RouteTable {
                vpc: vpc.clone(),
                routes: gateway
                    .map(|gateway| Route {
                        destination: INTERNET.to_owned(),
                        target: RouteTarget::NatGateway(gateway.clone()),
                    })
                    .into_iter()
                    .collect(),
                subnets: vec![subnet.clone()],
                tags: self.context.tags()?,
            };
            let name = format!("private-{}", index + 1);
            tables.push(self.desired.add(&OWNER, name, &table)?.address().clone());
        }
        Ok(tables)
    }
}
