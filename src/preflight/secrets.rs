//! Secrets of task definitions: there, with a value, and readable by the execution role. Values are
//! never read, so a JSON key within a secret is not checked.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};

use super::{Report, Subject};
use crate::aws::facts::policies::{Policies, simulate};
use crate::aws::facts::secrets::{self, Secret};
use crate::engine::{Address, Input};
use crate::resources::ecs::TaskDefinition;
use crate::resources::iam::Role;

const CHECK: &str = "secret";

/// One thing that a task reads at its start.
struct Need {
    address: Address,
    /// The variable that gets it, for people.
    variable: String,
    arn: String,
}

impl Need {
    /// `service`, region, account and the rest of the ARN.
    fn parts(&self) -> Option<(&str, &str, &str, &str)> {
        let mut parts = self.arn.splitn(6, ':').skip(2);
        Some((parts.next()?, parts.next()?, parts.next()?, parts.next()?))
    }

    /// The ARN of the parameter, without a version.
    fn parameter(&self) -> Option<String> {
        let (service, _, _, rest) = self.parts()?;
        let name = rest.strip_prefix("parameter/")?.split(':').next()?;
        let head = self.arn.len() - rest.len();
        (service == "ssm").then(|| format!("{}parameter/{name}", &self.arn[..head]))
    }

    /// What Secrets Manager calls the secret: its name, without JSON key and version.
    fn secret(&self) -> Option<&str> {
        let (service, _, _, rest) = self.parts()?;
        let name = rest.strip_prefix("secret:")?.split(':').next()?;
        (service == "secretsmanager").then_some(name)
    }
}

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let mut needs = Vec::new();
    let tasks = subject.changed::<TaskDefinition>();
    for (address, task) in &tasks {
        for container in task.containers.values() {
            let log = container.log_configuration.iter().flat_map(|log| &log.secret_options);
            for (variable, arn) in container.secrets.iter().chain(log) {
                if let Input::Known(arn) = arn {
                    let (address, variable) = (address.clone(), format!("`{variable}`"));
                    needs.push(Need { address, variable, arn: arn.clone() });
                }
            }
            if let Some(arn) = &container.repository_credentials {
                let variable = "the image's credentials".to_owned();
                needs.push(Need { address: address.clone(), variable, arn: arn.clone() });
            }
        }
    }
    let here = |need: &Need| {
        need.parts().is_some_and(|(_, region, account, _)| {
            region == subject.cx.region && account == subject.cx.account
        })
    };
    if needs.iter().any(|need| !here(need)) {
        let why = "only those of the environment's account and region are read";
        report.unchecked(CHECK, "secrets elsewhere", why);
    }
    needs.retain(here);
    let (_, found) =
        join(parameters(subject, report, &needs), stored(subject, report, &needs)).await;
    for (address, task) in &tasks {
        let needs: Vec<&Need> = needs.iter().filter(|need| need.address == *address).collect();
        if let (Some(role), false) = (&task.execution_role, needs.is_empty()) {
            let role = Readers { subject, report, address, role: role_of(subject, role) };
            role.check(&needs, &found).await;
        }
    }
}

async fn parameters(subject: &Subject<'_>, report: &Report, needs: &[Need]) {
    let wanted: Vec<(&Need, String)> =
        needs.iter().filter_map(|need| Some((need, need.parameter()?))).collect();
    // A name without a folder may be written with a slash or without.
    let mut names = BTreeSet::new();
    for (_, arn) in &wanted {
        let name = arn.split_once(":parameter/").map(|(_, name)| name).unwrap_or_default();
        names.insert(format!("/{name}"));
        if !name.contains('/') {
            names.insert(name.to_owned());
        }
    }
    if names.is_empty() {
        return;
    }
    match secrets::parameters(subject.cx, &names).await {
        Err(failure) => report.failed(CHECK, "parameters", &failure),
        Ok(found) => {
            for (need, arn) in wanted.iter().filter(|(_, arn)| !found.contains(arn)) {
                let name = arn.split_once(":parameter").map(|(_, name)| name).unwrap_or_default();
                // Local AWS looks parameters up, too.
                report.error(
                    CHECK,
                    &need.address,
                    format!("SSM parameter `{name}` for {} is not there: tasks that need it do not start", need.variable),
                    how_to_make(name),
                );
            }
        }
    }
}

/// How to make a parameter that is not there: one in the place where shipit keeps secrets, with shipit.
fn how_to_make(name: &str) -> String {
    let steps: Vec<&str> = name.split('/').collect();
    match steps.as_slice() {
        ["", "shipit", _, environment, "secrets", secret] => {
            format!("make it with `shipit secret init {secret} --env {environment}`")
        }
        _ => format!(
            "put it with `aws ssm put-parameter --type SecureString --name {name} --value …`"
        ),
    }
}

/// The secrets that are there, by name.
async fn stored(
    subject: &Subject<'_>,
    report: &Report,
    needs: &[Need],
) -> BTreeMap<String, Secret> {
    let names: BTreeSet<&str> = needs.iter().filter_map(Need::secret).collect();
    let asked = join_all(names.iter().map(|name| async move {
        // What a manifest gives may be a name or, in a whole ARN, a name and six characters.
        let arn = subject.cx.arn("secretsmanager", &format!("secret:{name}"));
        match secrets::secret(subject.cx, name).await {
            Ok(None) if has_suffix(name) => (*name, secrets::secret(subject.cx, &arn).await),
            answer => (*name, answer),
        }
    }))
    .await;
    let mut found = BTreeMap::new();
    for (name, answer) in asked {
        let wrong = match answer {
            Err(failure) => {
                report.failed(CHECK, "secrets", &failure);
                continue;
            }
            Ok(None) => Some("is not there"),
            Ok(Some(secret)) => {
                let wrong = match (secret.deleted, secret.filled) {
                    (true, _) => Some("is being deleted"),
                    (_, false) => Some("has no value yet"),
                    _ => None,
                };
                found.insert(name.to_owned(), secret);
                wrong
            }
        };
        let Some(wrong) = wrong else { continue };
        let hint = match wrong {
            "is being deleted" => {
                format!("take it back with `aws secretsmanager restore-secret --secret-id {name}`")
            }
            "has no value yet" => format!(
                "give it one with `aws secretsmanager put-secret-value --secret-id {name} --secret-string …`"
            ),
            _ => format!(
                "create it with `aws secretsmanager create-secret --name {name} --secret-string …`"
            ),
        };
        for need in needs.iter().filter(|need| need.secret() == Some(name)) {
            report.resource(
                subject.missing(),
                CHECK,
                &need.address,
                format!(
                    "secret `{name}` for {} {wrong}: tasks that need it do not start",
                    need.variable
                ),
                hint.clone(),
            );
        }
    }
    found
}

fn has_suffix(name: &str) -> bool {
    name.rsplit_once('-')
        .is_some_and(|(_, end)| end.len() == 6 && end.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// The policies of a role: as it is, or as this plan makes it.
fn role_of(
    subject: &Subject<'_>,
    role: &Input<crate::resources::iam::RoleArn>,
) -> Option<Policies> {
    match role {
        Input::Known(arn) => Some(Policies::Of(arn.as_str().to_owned())),
        Input::Output(from) => {
            let live = subject.live.at(&from.address).next();
            match live.filter(|_| !subject.changes(&from.address)) {
                Some(live) => live.outputs["arn"].as_str().map(|arn| Policies::Of(arn.to_owned())),
                None => {
                    let role: Role = subject.wanted(&from.address)?;
                    let documents = role.inline_policies.values().map(ToString::to_string);
                    Some(Policies::Documents(documents.collect()))
                }
            }
        }
    }
}

/// Whether an execution role may read what its tasks need.
struct Readers<'a> {
    subject: &'a Subject<'a>,
    report: &'a Report,
    address: &'a Address,
    role: Option<Policies>,
}

impl Readers<'_> {
    async fn check(&self, needs: &[&Need], found: &BTreeMap<String, Secret>) {
        let parameters: BTreeSet<String> =
            needs.iter().filter_map(|need| need.parameter()).collect();
        let secrets: BTreeSet<String> = needs
            .iter()
            .filter_map(|need| need.secret())
            .filter_map(|name| match found.get(name) {
                Some(secret) => Some(secret.arn.clone()),
                // Whether this is a whole name only the secret itself could tell.
                None if has_suffix(name) => None,
                // As it would be called, were it there.
                None => {
                    Some(self.subject.cx.arn("secretsmanager", &format!("secret:{name}-000000")))
                }
            })
            .collect();
        join(
            self.one("ssm:GetParameters", parameters),
            self.one("secretsmanager:GetSecretValue", secrets),
        )
        .await;
    }

    async fn one(&self, action: &str, resources: BTreeSet<String>) {
        let Some(role) = self.role.as_ref().filter(|_| !resources.is_empty()) else { return };
        let resources: Vec<String> = resources.into_iter().collect();
        let none = matches!(role, Policies::Documents(documents) if documents.is_empty());
        let denied: Vec<String> = if none {
            resources
        } else {
            match simulate(self.subject.cx, role, &[action.to_owned()], &resources, &[]).await {
                Err(failure) => {
                    return self.report.failed(CHECK, "what execution roles may read", &failure);
                }
                // A condition on what only the real call carries is no refusal.
                Ok(decisions) => decisions
                    .into_iter()
                    .filter(|it| !it.allowed && it.missing.is_empty())
                    .map(|it| it.resource)
                    .collect(),
            }
        };
        for resource in denied {
            self.report.error(
                CHECK,
                self.address,
                format!(
                    "the execution role may not read {resource}: its policies do not allow {action}"
                ),
                "allow it in the role's policies, and look for a policy that forbids it".to_owned(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(arn: &str) -> Need {
        let address = Address::new("ecs/task-definition", "api");
        Need { address, variable: "`A`".into(), arn: arn.into() }
    }

    #[test]
    fn arns_are_read_without_keys_and_versions() {
        let secret =
            need("arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-AbCdEf:key:AWSCURRENT:");
        assert_eq!((secret.secret(), secret.parameter()), (Some("a/b-AbCdEf"), None));
        assert!(has_suffix("a/b-AbCdEf") && !has_suffix("database"));
        let parameter = need("arn:aws:ssm:eu-west-1:123456789012:parameter/a/b:3");
        let bare = "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b".to_owned();
        assert_eq!((parameter.secret(), parameter.parameter()), (None, Some(bare)));
    }
}
