//! Egress-only internet gateways: the way out for IPv6 that lets nothing in.

use serde_json::{Value, json};

use super::errors::not_found;
use super::list::{self, Listing};
use super::{EGRESS_GATEWAYS, tag, vpc};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const KIND: &str = "egress-only-internet-gateway";

static LISTING: Listing = Listing {
    kind: KIND,
    table: EGRESS_GATEWAYS,
    ids: "EgressOnlyInternetGatewayId",
    set: "egressOnlyInternetGatewaySet",
    // Tags alone; the other filters of the API are not modelled by EC2 itself.
    filters: &[],
    most: 255,
    row,
};

fn row(_: &Call<'_>, id: &str, gateway: &Value) -> Value {
    json!({
        "egressOnlyInternetGatewayId": id,
        "attachmentSet": [{"vpcId": gateway["vpcId"], "state": "attached"}],
    })
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let vpc_id = call.input.text("VpcId")?;
    let token = call.input.optional_text("ClientToken")?.filter(|token| !token.is_empty());
    let tags = tag::specified(call, KIND)?;
    vpc::required(call, &vpc_id)?;
    let known = token.as_ref().and_then(|token| {
        let rows = call.scan(EGRESS_GATEWAYS, "");
        rows.into_iter().find(|(_, gateway)| gateway.text("clientToken") == token)
    });
    let id = match known {
        Some((_, gateway)) if gateway.text("vpcId") != vpc_id => {
            return Err(AwsError::new(
                "IdempotentParameterMismatch",
                "The client token was used with other parameters.",
            ));
        }
        Some((id, _)) => id,
        None => {
            let id = call.ids.resource("eigw");
            call.put(EGRESS_GATEWAYS, &id, json!({"vpcId": vpc_id, "clientToken": token}));
            tag::put(call, KIND, &id, tags)?;
            id
        }
    };
    let mut row = row(call, &id, &json!({"vpcId": vpc_id}));
    row.set("tagSet", tag::set_of(call, KIND, &id));
    Ok(json!({"egressOnlyInternetGateway": row, "clientToken": token}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

/// Routes to it stay, and lead nowhere.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("EgressOnlyInternetGatewayId")?;
    if call.get(EGRESS_GATEWAYS, &id).is_none() {
        return Err(not_found(KIND, &id));
    }
    call.delete(EGRESS_GATEWAYS, &id);
    tag::forget(call, KIND, &id);
    Ok(json!({"returnCode": true}))
}
