//! `vpc-lattice`: service networks, services with listeners and rules, target groups, and what joins them. Access policies are
//! kept and not enforced, as no request is ever sent. Lambda functions, resource configurations, resource gateways, domain
//! verification and sharing with other accounts are not modelled.

mod action;
mod association;
mod common;
mod listener;
mod log;
mod network;
mod policy;
mod rule;
mod service;
mod tags;
mod target_group;
pub(super) mod targets;

use serde_json::Value;

use super::call::Call;
use super::document::Document;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Service networks by id.
const NETWORKS: Table = Table::regional("vpc-lattice/service-network");
/// Services by id.
const SERVICES: Table = Table::regional("vpc-lattice/service");
/// Listeners by `service/listener`.
const LISTENERS: Table = Table::regional("vpc-lattice/listener");
/// Rules by `service/listener/rule`; a listener's default rule is the listener's own action.
const RULES: Table = Table::regional("vpc-lattice/rule");
/// Target groups by id.
const TARGET_GROUPS: Table = Table::regional("vpc-lattice/target-group");
/// Targets by `group/id:port`.
const TARGETS: Table = Table::regional("vpc-lattice/target");
/// Associations of services with networks, by id.
const SERVICE_ASSOCIATIONS: Table = Table::regional("vpc-lattice/service-association");
/// Associations of VPCs with networks, by id.
const VPC_ASSOCIATIONS: Table = Table::regional("vpc-lattice/vpc-association");
/// Access log subscriptions by id.
const SUBSCRIPTIONS: Table = Table::regional("vpc-lattice/access-log-subscription");

pub(super) static SERVICE: Service = Service {
    name: "vpc-lattice",
    protocol: Protocol::RestJson,
    target: "",
    namespace: "",
    invalid: "ValidationException",
    invalid_token: "ValidationException",
    throttle: ("ThrottlingException", 429),
    timer: Some(timer),
    operations: &[
        write("CreateServiceNetwork", network::create).at("POST /servicenetworks"),
        read("GetServiceNetwork", network::get)
            .at("GET /servicenetworks/{serviceNetworkIdentifier}"),
        read("ListServiceNetworks", network::list).at("GET /servicenetworks"),
        write("UpdateServiceNetwork", network::update)
            .at("PATCH /servicenetworks/{serviceNetworkIdentifier}"),
        write("DeleteServiceNetwork", network::delete)
            .at("DELETE /servicenetworks/{serviceNetworkIdentifier}"),
        write("CreateService", service::create).at("POST /services"),
        read("GetService", service::get).at("GET /services/{serviceIdentifier}"),
        read("ListServices", service::list).at("GET /services"),
        write("UpdateService", service::update).at("PATCH /services/{serviceIdentifier}"),
        write("DeleteService", service::delete).at("DELETE /services/{serviceIdentifier}"),
        write("CreateListener", listener::create)
            .at("POST /services/{serviceIdentifier}/listeners"),
        read("GetListener", listener::get)
            .at("GET /services/{serviceIdentifier}/listeners/{listenerIdentifier}"),
        read("ListListeners", listener::list).at("GET /services/{serviceIdentifier}/listeners"),
        write("UpdateListener", listener::update)
            .at("PATCH /services/{serviceIdentifier}/listeners/{listenerIdentifier}"),
        write("DeleteListener", listener::delete)
            .at("DELETE /services/{serviceIdentifier}/listeners/{listenerIdentifier}"),
        write("CreateRule", rule::create)
            .at("POST /services/{serviceIdentifier}/listeners/{listenerIdentifier}/rules"),
        read("GetRule", rule::get).at(
            "GET /services/{serviceIdentifier}/listeners/{listenerIdentifier}/rules/{ruleIdentifier}",
        ),
        read("ListRules", rule::list)
            .at("GET /services/{serviceIdentifier}/listeners/{listenerIdentifier}/rules"),
        write("UpdateRule", rule::update).at(
            "PATCH /services/{serviceIdentifier}/listeners/{listenerIdentifier}/rules/{ruleIdentifier}",
        ),
        write("BatchUpdateRule", rule::batch_update)
            .at("PATCH /services/{serviceIdentifier}/listeners/{listenerIdentifier}/rules"),
        write("DeleteRule", rule::delete).at(
            "DELETE /services/{serviceIdentifier}/listeners/{listenerIdentifier}/rules/{ruleIdentifier}",
        ),
        write("CreateTargetGroup", target_group::create).at("POST /targetgroups"),
        read("GetTargetGroup", target_group::get).at("GET /targetgroups/{targetGroupIdentifier}"),
        read("ListTargetGroups", target_group::list).at("GET /targetgroups"),
        write("UpdateTargetGroup", target_group::update)
            .at("PATCH /targetgroups/{targetGroupIdentifier}"),
        write("DeleteTargetGroup", target_group::delete)
            .at("DELETE /targetgroups/{targetGroupIdentifier}"),
        write("RegisterTargets", targets::register_all)
            .at("POST /targetgroups/{targetGroupIdentifier}/registertargets"),
        write("DeregisterTargets", targets::deregister_all)
            .at("POST /targetgroups/{targetGroupIdentifier}/deregistertargets"),
        read("ListTargets", targets::list)
            .at("POST /targetgroups/{targetGroupIdentifier}/listtargets"),
        write("CreateServiceNetworkServiceAssociation", association::create_of_service)
            .at("POST /servicenetworkserviceassociations"),
        read("GetServiceNetworkServiceAssociation", association::get_of_service).at(
            "GET /servicenetworkserviceassociations/{serviceNetworkServiceAssociationIdentifier}",
        ),
        read("ListServiceNetworkServiceAssociations", association::list_of_service)
            .at("GET /servicenetworkserviceassociations"),
        write("DeleteServiceNetworkServiceAssociation", association::delete_of_service).at(
            "DELETE /servicenetworkserviceassociations/{serviceNetworkServiceAssociationIdentifier}",
        ),
        write("CreateServiceNetworkVpcAssociation", association::create_of_vpc)
            .at("POST /servicenetworkvpcassociations"),
        read("GetServiceNetworkVpcAssociation", association::get_of_vpc)
            .at("GET /servicenetworkvpcassociations/{serviceNetworkVpcAssociationIdentifier}"),
        read("ListServiceNetworkVpcAssociations", association::list_of_vpc)
            .at("GET /servicenetworkvpcassociations"),
        write("UpdateServiceNetworkVpcAssociation", association::update_of_vpc)
            .at("PATCH /servicenetworkvpcassociations/{serviceNetworkVpcAssociationIdentifier}"),
        write("DeleteServiceNetworkVpcAssociation", association::delete_of_vpc)
            .at("DELETE /servicenetworkvpcassociations/{serviceNetworkVpcAssociationIdentifier}"),
        write("PutAuthPolicy", policy::put_auth).at("PUT /authpolicy/{resourceIdentifier+}"),
        read("GetAuthPolicy", policy::get_auth).at("GET /authpolicy/{resourceIdentifier+}"),
        write("DeleteAuthPolicy", policy::delete_auth)
            .at("DELETE /authpolicy/{resourceIdentifier+}"),
        write("PutResourcePolicy", policy::put_resource).at("PUT /resourcepolicy/{resourceArn+}"),
        read("GetResourcePolicy", policy::get_resource).at("GET /resourcepolicy/{resourceArn+}"),
        write("DeleteResourcePolicy", policy::delete_resource)
            .at("DELETE /resourcepolicy/{resourceArn+}"),
        write("CreateAccessLogSubscription", log::create).at("POST /accesslogsubscriptions"),
        read("GetAccessLogSubscription", log::get)
            .at("GET /accesslogsubscriptions/{accessLogSubscriptionIdentifier}"),
        read("ListAccessLogSubscriptions", log::list).at("GET /accesslogsubscriptions"),
        write("UpdateAccessLogSubscription", log::update)
            .at("PATCH /accesslogsubscriptions/{accessLogSubscriptionIdentifier}"),
        write("DeleteAccessLogSubscription", log::delete)
            .at("DELETE /accesslogsubscriptions/{accessLogSubscriptionIdentifier}"),
        write("TagResource", tags::tag).at("POST /tags/{resourceArn+}"),
        write("UntagResource", tags::untag).at("DELETE /tags/{resourceArn+}"),
        read("ListTagsForResource", tags::list).at("GET /tags/{resourceArn+}"),
    ],
};

/// What was being deleted is gone.
fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    let id = payload.text("id").to_owned();
    match payload.text("gone") {
        "service" => service::gone(call, &id),
        "target-group" => target_group::gone(call, &id),
        "service-association" => association::gone(call, SERVICE_ASSOCIATIONS, &id),
        "vpc-association" => association::gone(call, VPC_ASSOCIATIONS, &id),
        "target" => call.delete(TARGETS, &id),
        _ => {}
    }
    Ok(())
}
