//! Keys and values that Copilot knows and this release does not: one visible table.
//!
//! Each is refused with its own explanation, so that nobody takes it for a typing mistake, and with
//! the way to live without it where there is one.

use super::Kind;

/// Why something known is not accepted.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Continues "`key` ...".
    pub(crate) why: &'static str,
    pub(crate) instead: &'static str,
}

/// Kind, path (`*` stands for any one name), why, what to do instead.
type Row = (Kind, &'static str, &'static str, &'static str);

use Kind::{Environment as E, Service as S};

const LATER: &str = "leave the key out for now";
const EXPORTS: &str = "write the value itself, or pass it in as `${NAME}` from the shell";

#[rustfmt::skip]
const KEYS: &[Row] = &[

    (E, "type", "is Copilot's key", "the line `kind: environment` says it"),
    (E, "cdn", "needs CloudFront, which comes in a later release", "put a distribution of your own in front of the load balancer"),
    (E, "http.public.security_groups.ingress.restrict_to.cdn", "needs CloudFront, which comes in a later release", "`http.public.ingress.source_ips` limits who may connect"),
    (E, "http.public.ingress.cdn", "needs CloudFront, which comes in a later release", "`http.public.ingress.source_ips` limits who may connect"),
    (E, "environments", "does not exist for environments", "each environment has a file of its own"),

    (S, "storage.volumes.*.efs.id.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", "write the file system's id"),
    (S, "variables.*.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", EXPORTS),
    (S, "sidecars.*.variables.*.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", EXPORTS),
    (S, "secrets.*.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", "write the parameter's name or the secret's ARN"),
    (S, "sidecars.*.secrets.*.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", "write the parameter's name or the secret's ARN"),
    (S, "logging.variables.*.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", EXPORTS),
    (S, "logging.secrets.*.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", "write the parameter's name or the secret's ARN"),
    (S, "logging.secretOptions.*.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", "write the parameter's name or the secret's ARN"),
    (S, "network.vpc.security_groups.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", "write the security group's id"),
    (S, "network.vpc.security_groups.groups.from_cfn", "reads a CloudFormation export, and there is no CloudFormation here", "write the security group's id"),
    (S, "files", "belongs to a Static Site, which comes in a later release", LATER),
    (S, "environments.*.environments", "would be an environment within an environment", "remove one of the two levels"),
    (S, "environments.*.name", "cannot differ between environments", "write a service of its own"),
    (S, "environments.*.type", "cannot differ between environments", "write a service of its own"),
    (S, "environments.*.kind", "cannot differ between environments", "write a service of its own"),
    (S, "environments.*.formerly", "cannot differ between environments", "write it beside `name`"),
];

/// Path of the key as messages show it, value, why, what to do instead.
#[rustfmt::skip]
const VALUES: &[(&str, &str, &str, &str)] = &[
    ("`type`", "Request-Driven Web Service", "runs on App Runner, which takes no new customers", "use a `Load Balanced Web Service`"),
    ("`type`", "Static Site", "needs CloudFront and comes in a later release", "serve the files from a `Load Balanced Web Service`"),
    ("`platform`", "linux/arm", "is 32-bit, and ECS runs 64-bit only", "use `linux/arm64`"),
];

/// What to type for a key that must be there, by its path.
#[rustfmt::skip]
const EXAMPLES: &[(&str, &str)] = &[
    ("on.schedule", "add `schedule: \"@daily\"` below `on:`"),
    ("kind", "start the file with its kind: `kind: application`, `kind: environment` or `kind: service`"),
    ("name", "add `name: NAME`"),
    ("type", "add `type: Load Balanced Web Service`, `type: Backend Service` or `type: Scheduled Job`"),
    ("http", "write `http:` and below it `path: /`"),
    ("image", "add `image:` and below it `location: public.ecr.aws/nginx/nginx:1.27`"),
    ("image.location", "add `location: public.ecr.aws/nginx/nginx:1.27` below `image:`"),
    ("http.path", "add `path: /` below `http:`"),
];

/// Why a known key is refused, if it is.
pub(crate) fn key(kind: Kind, path: &str) -> Option<Refusal> {
    let lists_left_out: Vec<&str> =
        path.split('.').map(|step| step.split('[').next().unwrap_or_default()).collect();
    let full = lists_left_out.join(".");
    let inside = lists_left_out
        .get(2..)
        .filter(|_| lists_left_out[0] == "environments")
        .map(|steps| steps.join("."));
    KEYS.iter()
        .find(|(of, pattern, ..)| {
            *of == kind
                && (matches(pattern, &full)
                    || inside.as_ref().is_some_and(|inside| matches(pattern, inside)))
        })
        .map(|(_, _, why, instead)| Refusal { why, instead })
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('.'), path.split('.'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(want), Some(step)) if want == "*" || want == step => {}
            _ => return false,
        }
    }
}

/// Why a known value is refused, if it is.
pub(crate) fn value(here: &str, word: &str) -> Option<Refusal> {
    VALUES
        .iter()
        .find(|(path, value, ..)| *path == here && *value == word)
        .map(|(_, _, why, instead)| Refusal { why, instead })
}

/// What to type for a key that has the wrong form, where there is an example.
pub(crate) fn example(path: &str) -> Option<String> {
    EXAMPLES.iter().find(|(known, _)| *known == path).map(|(_, example)| (*example).to_owned())
}

/// What to type for a missing key.
pub(crate) fn how_to_write(path: &str) -> String {
    let example = EXAMPLES.iter().find(|(known, _)| *known == path);
    example.map_or_else(
        || {
            let (above, key) =
                path.rsplit_once('.').map_or((None, path), |(above, key)| (Some(above), key));
            match above {
                Some(above) => {
                    format!("add `{key}:` below `{}:`", above.rsplit('.').next().unwrap_or(above))
                }
                None => format!("add `{key}:`"),
            }
        },
        |(_, example)| (*example).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::schema::paths;

    #[test]
    fn what_is_refused_is_not_accepted_and_stands_below_what_is() {
        for (kind, path, ..) in
            KEYS.iter().filter(|(_, path, ..)| !path.starts_with("environments."))
        {
            let known = paths(*kind);
            assert!(!known.iter().any(|known| known == path), "{path} is accepted");
            // Up to a part that may be a plain value or an item of a list.
            let mut above = path.rsplit_once('.').map(|(above, _)| above);
            if let Some(star) = above.and_then(|above| above.strip_suffix(".*")) {
                above = Some(star);
            }
            let found = above.is_none_or(|above| known.iter().any(|known| known == above));
            assert!(found, "nothing accepts what is above {path}");
        }
    }

    #[test]
    fn a_path_is_found_within_lists_and_environments() {
        let why = |path: &str| key(Kind::Service, path).map(|refusal| refusal.why);
        assert_eq!(why("environments.test.files"), why("files"));
        assert_eq!(why("http.alias[2].hosted_zone"), why("http.alias.hosted_zone"));
        assert!(why("files").is_some() && why("image.location").is_none());
    }
}
