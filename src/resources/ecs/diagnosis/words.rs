//! What the sentences of the table of causes are filled with.

use std::collections::BTreeMap;

/// Names and values by their place in a sentence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    values: BTreeMap<&'static str, String>,
}

/// What stands where nothing is known.
const UNKNOWN: &[(&str, &str)] = &[
    ("image", "one of its images"),
    ("platform", "linux/amd64"),
    ("secret", "one of its secrets"),
    ("secret_action", "`ssm:GetParameters` or `secretsmanager:GetSecretValue`"),
    ("secret_create", "aws ssm put-parameter"),
    ("execution_role", "the execution role"),
    ("role", "of its tasks"),
    ("role_name", "ROLE"),
    ("group", "of its containers"),
    ("container", "of the task"),
    ("path", "its path"),
    ("codes", "another code"),
    ("manifest", "the service's manifest"),
    ("environment", "ENVIRONMENT"),
];

impl Words {
    /// Sets a value, unless it is empty or set already: what is said first is nearest to the cause.
    pub(crate) fn know(&mut self, place: &'static str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.values.entry(place).or_insert(value);
        }
    }

    /// Takes over what others know and these do not.
    pub(crate) fn absorb(&mut self, others: Self) {
        for (place, value) in others.values {
            self.know(place, value);
        }
    }

    /// Puts the values into a sentence.
    pub(crate) fn fill(&self, sentence: &str) -> String {
        let mut text = String::new();
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((place, after)) = after.split_once('}') else {
                text.push('{');
                rest = after;
                continue;
            };
            let unknown = UNKNOWN.iter().find(|(name, _)| *name == place).map(|(_, word)| *word);
            match self.values.get(place) {
                Some(value) => text.push_str(value),
                None => text.push_str(unknown.unwrap_or_default()),
            }
            rest = after;
        }
        text + rest
    }

    /// What a text of AWS names: a secret, a role, codes, a platform, a subnet.
    pub(crate) fn learn(&mut self, text: &str) {
        let word_at = |start: &str, rest: &str| {
            rest.find(start).map(|at| {
                let word =
                    rest[at..].split([' ', '\'', '"', ',', ')', ';']).next().unwrap_or_default();
                word.trim_end_matches(['.', ':', ';']).to_owned()
            })
        };
        let behind = |mark: &str, rest: &str| {
            let word = rest.split_once(mark)?.1.split([' ', '\'', '"', ')', ';', ',']).next()?;
            Some(word.trim_end_matches(['.', ':']).to_owned())
        };
        let lower = text.to_lowercase();
        if lower.contains("secret") {
            let parameter = behind("invalid ssm parameters: ", text)
                .or_else(|| behind("invalid parameters: ", text))
                .or_else(|| word_at("arn:aws:ssm:", text));
            let secret = word_at("arn:aws:secretsmanager:", text);
            if let Some(parameter) = parameter {
                let name = name_of(&parameter, ":parameter");
                self.know("secret_action", "`ssm:GetParameters`");
                self.know(
                    "secret_create",
                    format!("aws ssm put-parameter --type SecureString --name {name} --value …"),
                );
                self.know("secret", name);
            } else if let Some(secret) = secret {
                let name = name_of(&secret, ":secret:");
                self.know("secret_action", "`secretsmanager:GetSecretValue`");
                self.know(
                    "secret_create",
                    format!("aws secretsmanager create-secret --name {name} --secret-string …"),
                );
                self.know("secret", name);
            }
        }
        if let Some(role) = word_at("arn:aws:iam:", text).filter(|role| role.contains(":role/")) {
            let name = role.rsplit('/').next().unwrap_or_default().to_owned();
            self.know("role_name", name);
            self.know("role", role);
        }
        if let Some((_, rest)) = text.split_once("with these codes: [") {
            self.know("codes", rest.split(']').next().unwrap_or_default());
        }
        if let Some(platform) = behind("matching platform '", text) {
            self.know("platform", platform);
        }
        if let Some(subnet) = word_at("subnet-", text) {
            self.know("subnet", format!(" ({subnet})"));
        }
    }
}

fn name_of(arn: &str, mark: &str) -> String {
    match arn.split_once(mark) {
        Some((_, name)) if arn.starts_with("arn:") => name.to_owned(),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_what_sentences_need() {
        let mut words = Words::default();
        words.learn("unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /demo/db");
        assert_eq!(
            words.fill("no {secret}: {secret_create}"),
            "no /demo/db: aws ssm put-parameter --type SecureString --name /demo/db --value …"
        );
        let mut words = Words::default();
        words.learn("failed to fetch secret arn:aws:secretsmanager:eu-west-1:1:secret:db/pass-x from secrets manager: denied");
        assert_eq!(
            words.fill("{secret} {secret_action}"),
            "db/pass-x `secretsmanager:GetSecretValue`"
        );
        words.learn("unable to assume the role 'arn:aws:iam::1:role/shipit/web' that was");
        assert_eq!(words.fill("{role_name} of {role}"), "web of arn:aws:iam::1:role/shipit/web");
        words.learn("due to (reason Health checks failed with these codes: [404, 500])");
        assert_eq!(
            words.fill("{codes}{nothing} {image} {open"),
            "404, 500 one of its images {open"
        );
    }
}
