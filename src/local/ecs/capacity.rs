//! Capacity providers as all see them, and the strategies that name them. FARGATE and FARGATE_SPOT are in every account;
//! those of its own are made in `provider`.

use serde_json::{Value, json};

use super::names::invalid;
use super::provider;
use super::task_definition::{includes, page};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;

/// The providers that every account has.
pub(super) const PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let wanted = call.input.texts("capacityProviders")?;
    // Names are unique in an account and region, whatever cluster a provider is for.
    call.input.accept("cluster");
    let tags = !includes(call, &["TAGS"])?.is_empty();
    let name = |text: &String| text.rsplit('/').next().unwrap_or_default().to_owned();
    let wanted: Vec<String> = wanted.iter().map(name).collect();
    let mut found = Vec::new();
    for provider in PROVIDERS {
        if wanted.is_empty() || wanted.iter().any(|name| name == provider) {
            found.push(json!({
                "capacityProviderArn": call.arn("ecs", &format!("capacity-provider/{provider}")),
                "name": provider,
                "status": "ACTIVE",
                "type": provider,
                "tags": [],
            }));
        }
    }
    let own = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    for (name, one) in call.scan(provider::PROVIDERS, "") {
        // One that was deleted is described by name for a while.
        let there = provider::find(call, &name).is_some()
            || (!wanted.is_empty() && one.time("goneAt") + super::TOMBSTONE > call.now);
        if own(&name) && there {
            found.push(provider::wire(call, &one, tags));
        }
    }
    let known = |name: &str| found.iter().any(|one| one.text("name") == name);
    let missing = wanted.iter().filter(|name| !known(name));
    let failures: Vec<Value> = missing
        .map(|name| {
            let arn = call.arn("ecs", &format!("capacity-provider/{name}"));
            json!({"arn": arn, "reason": "MISSING"})
        })
        .collect();
    let page = page(call, found, |provider| provider.text("name").to_owned())?;
    Ok(json!({"capacityProviders": page.0, "failures": failures, "nextToken": page.1}))
}

/// Reads a strategy; weights and bases that were not given are 0.
pub(super) fn strategy(input: &Params, member: &str) -> Result<Option<Vec<Value>>, AwsError> {
    let Some(items) = input.optional_structures(member)? else { return Ok(None) };
    let (mut strategy, mut bases) = (Vec::new(), 0);
    for item in &items {
        let weight = item.optional_integer_within("weight", 0, 1000)?;
        let base = item.optional_integer_within("base", 0, 100_000)?.unwrap_or(0);
        bases += usize::from(base > 0);
        strategy.push(json!({
            "capacityProvider": item.text("capacityProvider")?,
            "weight": weight.unwrap_or(0),
            "base": base,
        }));
    }
    if strategy.len() > 20 {
        return Err(invalid(
            "A capacity provider strategy can contain a maximum of 20 capacity providers.",
        ));
    }
    let fargate = |item: &Value| PROVIDERS.contains(&item.text("capacityProvider"));
    if strategy.iter().any(fargate) && !strategy.iter().all(fargate) {
        return Err(invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling \
             groups and Fargate providers. Specify one or the other and try again.",
        ));
    }
    if bases > 1 {
        return Err(invalid(
            "Only one capacity provider in a capacity provider strategy can have a base defined.",
        ));
    }
    if strategy.len() > 1 && strategy.iter().all(|item| item.integer("weight") == 0) {
        return Err(invalid(
            "At least one capacity provider in a strategy must have a weight greater than 0.",
        ));
    }
    Ok(Some(strategy))
}

/// Refuses a strategy with providers that `associated` does not hold.
pub(super) fn check_strategy(strategy: &[Value], associated: &[&str]) -> Result<(), AwsError> {
    for item in strategy {
        if !associated.contains(&item.text("capacityProvider")) {
            return Err(invalid(
                "The specified capacity provider strategy contains a capacity provider that is not \
                 associated with the cluster. Associate the capacity provider with the cluster and \
                 try again.",
            ));
        }
    }
    Ok(())
}

/// The provider of the `number`th task (from 0) of a strategy: base first, then by weight.
pub(super) fn provider(strategy: &[Value], number: usize) -> Option<String> {
    let base = strategy.iter().find(|item| item.integer("base") > 0);
    let reserved = base.map_or(0, |item| usize::try_from(item.integer("base")).unwrap_or(0));
    if let Some(item) = base.filter(|_| number < reserved) {
        return Some(item.text("capacityProvider").to_owned());
    }
    let weights: Vec<usize> =
        strategy.iter().map(|i| usize::try_from(i.integer("weight")).unwrap_or(0)).collect();
    let total: usize = weights.iter().sum();
    let mut place = (number - reserved).checked_rem(total)?;
    for (item, weight) in strategy.iter().zip(weights) {
        if place < weight {
            return Some(item.text("capacityProvider").to_owned());
        }
        place -= weight;
    }
    None
}
