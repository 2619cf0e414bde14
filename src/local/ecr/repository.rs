//! Repositories.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{IMAGES, LAYERS, REPOSITORIES, find, not_found, own_registry, settings};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let name = input.text("repositoryName")?;
    own_registry(call)?;
    let tags = input.tags("tags", "Key", "Value")?;
    let mutability = settings::mutability(&input)?;
    let scanning = settings::scanning(&input)?;
    let mut encryption = json!({"encryptionType": "AES256"});
    if let Some(given) = input.optional_structure("encryptionConfiguration")? {
        let kinds = ["AES256", "KMS", "KMS_DSSE"];
        let kind = given.optional_one_of("encryptionType", &kinds)?;
        let kind = kind.ok_or_else(|| given.missing("encryptionType"))?;
        let key = given.optional_text("kmsKey")?;
        encryption = json!({"encryptionType": kind});
        match (kind.as_str(), key) {
            ("AES256", Some(_)) => {
                return Err(input.invalid(
                    "Invalid parameter at 'encryptionConfiguration': a KMS key cannot be given with AES256",
                ));
            }
            ("AES256", None) => {}
            (_, Some(key)) => encryption.set("kmsKey", key),
            (_, None) => {
                // AWS makes a key of its own for the account.
                let id = format!("key/{}", call.ids.uuid());
                encryption.set("kmsKey", call.arn("kms", &id));
            }
        }
    }
    if !is_name(&name) {
        return Err(input.invalid(format!(
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression \
             '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'': '{name}'"
        )));
    }
    if call.get(REPOSITORIES, &name).is_some() {
        return Err(AwsError::new(
            "RepositoryAlreadyExistsException",
            format!(
                "The repository with name '{name}' already exists in the registry with id '{}'",
                call.account
            ),
        ));
    }
    let arn = call.arn("ecr", &format!("repository/{name}"));
    call.add_tags(&arn, tags)?;
    let mut repository = json!({
        "repositoryArn": arn,
        "registryId": call.account,
        "repositoryName": name,
        "repositoryUri": format!("{}.dkr.ecr.{}.amazonaws.com/{name}", call.account, call.region),
        "created": call.now,
        "imageScanningConfiguration": {"scanOnPush": scanning.unwrap_or(false)},
        "encryptionConfiguration": encryption,
    });
    let (mutability, filters) = mutability.unwrap_or_else(|| ("MUTABLE".to_owned(), Vec::new()));
    settings::set_mutability(&mut repository, &mutability, filters);
    let output = json!({"repository": shown(call, &repository)});
    call.put(REPOSITORIES, &name, repository);
    Ok(output)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    own_registry(call)?;
    let names = input.texts("repositoryNames")?;
    let token = input.optional_text("nextToken")?;
    let size = input.optional_integer_within("maxResults", 1, 1000)?;
    if !names.is_empty() && (token.is_some() || size.is_some()) {
        return Err(input.invalid("maxResults and nextToken cannot be given with repositoryNames"));
    }
    if names.len() > 100 {
        return Err(input.invalid("At most 100 repositoryNames can be given"));
    }
    let found: Vec<Arc<Value>> = if names.is_empty() {
        call.scan(REPOSITORIES, "").into_iter().map(|(_, found)| found).collect()
    } else {
        let by_name =
            |name: &String| call.get(REPOSITORIES, name).ok_or_else(|| not_found(call, name));
        names.iter().map(by_name).collect::<Result<_, _>>()?
    };
    let key = |found: &Arc<Value>| found.text("repositoryName").to_owned();
    let page = call.page(found, size.unwrap_or(100) as usize, token.as_deref(), key)?;
    let shown: Vec<Value> = page.items.iter().map(|found| shown(call, found)).collect();
    let mut output = json!({"repositories": shown});
    if let Some(next) = page.next {
        output.set("nextToken", next);
    }
    Ok(output)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, found) = find(call)?;
    let force = call.input.optional_boolean("force")?.unwrap_or(false);
    let images = call.scan(IMAGES, &format!("{name}@"));
    if !images.is_empty() && !force {
        return Err(AwsError::new(
            "RepositoryNotEmptyException",
            format!(
                "The repository with name '{name}' in registry with id '{}' cannot be deleted because it still contains images",
                call.account
            ),
        ));
    }
    for (key, _) in images {
        call.delete(IMAGES, &key);
    }
    for (key, _) in call.scan(LAYERS, &format!("{name}@")) {
        call.delete(LAYERS, &key);
    }
    call.forget_tags(found.text("repositoryArn"));
    call.delete(REPOSITORIES, &name);
    Ok(json!({"repository": shown(call, &found)}))
}

fn shown(call: &Call<'_>, repository: &Value) -> Value {
    let mut shown = repository.clone();
    for inner in ["created", "lifecycle", "policy"] {
        shown.unset(inner);
    }
    shown.set("createdAt", call.time(repository.time("created")));
    shown
}

/// Words of lower-case letters and digits, with single `.`, `_`, `__` or hyphens between, in parts
/// between slashes.
fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| {
        let mut separator = String::new();
        for c in part.chars() {
            if word(c) {
                let good = separator.is_empty()
                    || matches!(separator.as_str(), "." | "_" | "__")
                    || separator.chars().all(|c| c == '-');
                if !good {
                    return false;
                }
                separator.clear();
            } else if "._-".contains(c) {
                separator.push(c);
            } else {
                return false;
            }
        }
        part.starts_with(word) && separator.is_empty()
    };
    (2..=256).contains(&name.len()) && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in ["ab", "demo/test/api", "a-b", "a--b", "a__b", "a.b_c"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "a", "A/b", "a//b", "/ab", "ab/", "a..b", "a___b", "-ab", "ab-", "a b"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
