//! Pod identity associations: which role the pods of a service account have.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    ASSOCIATIONS, all_in, check, in_use, invalid, missing, remove, rows, tags_of, working,
};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The most associations of a cluster.
const MOST: usize = 1000;

/// The role of pods, which EKS's agent must be able to assume.
pub(super) fn check_role(call: &Call<'_>, arn: &str) -> Result<(), AwsError> {
    let Some(role) = check::role(call, arn) else {
        return Err(invalid(format!("Role provided in the request does not exist: {arn}")));
    };
    let fine = ["sts:AssumeRole", "sts:TagSession"]
        .iter()
        .all(|action| check::trusts(&role, "pods.eks.amazonaws.com", action));
    if fine {
        return Ok(());
    }
    Err(invalid(format!(
        "Trust policy of role {arn} must allow pods.eks.amazonaws.com sts:AssumeRole and sts:TagSession"
    )))
}

/// The association of a service account, if it has one.
fn of_account(
    call: &Call<'_>,
    cluster: &str,
    namespace: &str,
    account: &str,
) -> Option<(String, Arc<Value>)> {
    all_in(call, ASSOCIATIONS, cluster).into_iter().find(|(_, one)| {
        one.text("namespace") == namespace && one.text("serviceAccount") == account
    })
}

/// Makes one. `owner` is the ARN of the add-on that it belongs to.
pub(super) fn make(
    call: &mut Call<'_>,
    cluster: &str,
    members: Value,
    owner: Option<&str>,
) -> Result<Value, AwsError> {
    let (namespace, account) =
        (members.text("namespace").to_owned(), members.text("serviceAccount").to_owned());
    if let Some((_, old)) = of_account(call, cluster, &namespace, &account) {
        return Err(in_use(format!("Association already exists: {}", old.text("associationId")))
            .with("clusterName", cluster));
    }
    if all_in(call, ASSOCIATIONS, cluster).len() >= MOST {
        let message = format!("The limit of {MOST} pod identity associations is reached");
        return Err(AwsError::new("ResourceLimitExceededException", message));
    }
    let id = format!("a-{}", call.ids.of(b"abcdefghijklmnopqrstuvwxyz0123456789", 17));
    let arn = call.arn("eks", &format!("podidentityassociation/{cluster}/{id}"));
    let mut one = members;
    one.set("arn", arn.clone());
    one.set("clusterName", cluster);
    one.set("associationId", id.clone());
    one.set("associationArn", arn);
    if let Some(owner) = owner {
        one.set("ownerArn", owner);
    }
    let mut own = one["own"].clone();
    own.set("created", call.now);
    own.set("modified", call.now);
    one.set("own", own);
    external_id(call, &mut one);
    call.put(ASSOCIATIONS, &format!("{cluster}/{id}"), one.clone());
    Ok(one)
}

/// With a target role comes the id by which that role tells who assumes it.
fn external_id(call: &Call<'_>, one: &mut Value) {
    if one.text("targetRoleArn").is_empty() {
        one.unset("targetRoleArn");
        one.unset("externalId");
    } else {
        let id = format!(
            "{}/{}/{}/{}/{}",
            call.region,
            call.account,
            one.text("clusterName"),
            one.text("namespace"),
            one.text("serviceAccount")
        );
        one.set("externalId", id);
    }
}

fn check_target(target: &str) -> Result<(), AwsError> {
    if target.is_empty() || (target.starts_with("arn:aws:iam::") && target.contains(":role/")) {
        return Ok(());
    }
    Err(invalid(format!("The target role ARN {target} is not valid")))
}

fn check_policy(policy: &str, no_tags: bool) -> Result<(), AwsError> {
    if policy.is_empty() {
        return Ok(());
    }
    if !no_tags {
        return Err(invalid("disableSessionTags must be true when a policy is specified"));
    }
    let parsed: Result<Value, _> = serde_json::from_str(policy);
    match parsed {
        Ok(policy) if policy.has("Statement") => Ok(()),
        _ => Err(invalid("The policy is not a valid IAM policy document")),
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = working(call)?;
    let input = call.input.clone();
    let (namespace, account) = (input.text("namespace")?, input.text("serviceAccount")?);
    let role = input.text("roleArn")?;
    let no_tags = input.optional_boolean("disableSessionTags")?.unwrap_or(false);
    let target = input.optional_text("targetRoleArn")?.unwrap_or_default();
    let policy = input.optional_text("policy")?.unwrap_or_default();
    let token = input.optional_text("clientRequestToken")?;
    let tags = input.map("tags")?;
    check_role(call, &role)?;
    check_target(&target)?;
    check_policy(&policy, no_tags)?;
    if let Some((_, old)) = of_account(call, &cluster, &namespace, &account)
        && token.is_some()
        && old["own"].text("token") == token.clone().unwrap_or_default()
    {
        return Ok(json!({"association": wire(call, &old)}));
    }
    let mut members = json!({
        "namespace": namespace, "serviceAccount": account, "roleArn": role, "disableSessionTags": no_tags,
        "targetRoleArn": target, "own": {"token": token},
    });
    if !policy.is_empty() {
        members.set("policy", policy);
    }
    let made = make(call, &cluster, members, None)?;
    call.add_tags(made.text("arn"), tags)?;
    Ok(json!({"association": wire(call, &made)}))
}

fn found(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let (cluster, _) = super::cluster_of(call)?;
    let id = call.input.text("associationId")?;
    let key = format!("{cluster}/{id}");
    let found = call.get(ASSOCIATIONS, &key);
    found.map(|found| (key, found)).ok_or_else(|| {
        missing(format!("Association ID {id} could not be found")).with("clusterName", cluster)
    })
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = found(call)?;
    Ok(json!({"association": wire(call, &found)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = super::cluster_of(call)?;
    let namespace = call.input.optional_text("namespace")?;
    let account = call.input.optional_text("serviceAccount")?;
    if account.is_some() && namespace.is_none() {
        return Err(invalid("serviceAccount can only be given together with namespace"));
    }
    let mut found = all_in(call, ASSOCIATIONS, &cluster);
    found.retain(|(_, one)| {
        namespace.as_deref().is_none_or(|name| one.text("namespace") == name)
            && account.as_deref().is_none_or(|name| one.text("serviceAccount") == name)
    });
    let shown = found.iter().map(|(_, one)| {
        let mut row = json!({});
        for member in [
            "clusterName",
            "namespace",
            "serviceAccount",
            "associationArn",
            "associationId",
            "ownerArn",
        ] {
            if one.has(member) {
                row.set(member, one[member].clone());
            }
        }
        row
    });
    rows(call, "associations", shown.collect())
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, old) = found(call)?;
    let role = call.input.optional_text("roleArn")?;
    let no_tags = call.input.optional_boolean("disableSessionTags")?;
    let target = call.input.optional_text("targetRoleArn")?;
    let policy = call.input.optional_text("policy")?;
    // Updating twice with one token is updating once: members are replaced.
    call.input.accept("clientRequestToken");
    if let Some(role) = &role {
        check_role(call, role)?;
    }
    check_target(target.as_deref().unwrap_or_default())?;
    let mut new = Value::clone(&old);
    if let Some(role) = role {
        new.set("roleArn", role);
    }
    if let Some(no_tags) = no_tags {
        new.set("disableSessionTags", no_tags);
    }
    if let Some(target) = target {
        new.set("targetRoleArn", target);
    }
    if let Some(policy) = policy {
        new.set("policy", policy);
    }
    check_policy(new.text("policy"), new.flag("disableSessionTags"))?;
    if new.text("policy").is_empty() {
        new.unset("policy");
    }
    external_id(call, &mut new);
    let mut own = new["own"].clone();
    own.set("modified", call.now);
    new.set("own", own);
    call.put(ASSOCIATIONS, &key, new.clone());
    Ok(json!({"association": wire(call, &new)}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, found) = found(call)?;
    let shown = wire(call, &found);
    remove(call, ASSOCIATIONS, &key);
    Ok(json!({"association": shown}))
}

fn wire(call: &Call<'_>, one: &Value) -> Value {
    let mut wire = one.clone();
    wire.set("createdAt", call.time(one["own"].time("created")));
    wire.set("modifiedAt", call.time(one["own"].time("modified")));
    wire.set("tags", tags_of(call, one));
    wire.unset("own");
    wire.unset("arn");
    wire
}
