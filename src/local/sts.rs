//! `sts`: who am I, and becoming somebody else.

use serde_json::{Value, json};

use super::call::Call;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Sessions by access key, in the account of the assumed role.
const SESSIONS: Table = Table::global("sts/session");

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) static SERVICE: Service = Service {
    name: "sts",
    protocol: Protocol::Query,
    target: "2011-06-15",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    invalid: "ValidationError",
    invalid_token: "ValidationError",
    throttle: ("Throttling", 400),
    timer: None,
    operations: &[read("GetCallerIdentity", get_caller_identity), write("AssumeRole", assume_role)],
};

/// The unique id and the ARN of who calls.
pub(super) fn identity(call: &Call<'_>) -> (Value, Value) {
    let session = call.get(SESSIONS, &call.access_key);
    match session.as_deref() {
        Some(session) => (session["user"].clone(), session["arn"].clone()),
        None => (json!("AIDALOCALAWSUSER00001"), json!(call.global_arn("iam", "user/local"))),
    }
}

fn get_caller_identity(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (user, arn) = identity(call);
    Ok(json!({"UserId": user, "Account": call.account, "Arn": arn}))
}

fn assume_role(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let role_arn = call.input.text("RoleArn")?;
    let session = call.input.text("RoleSessionName")?;
    let seconds =
        call.input.optional_integer_within("DurationSeconds", 900, 43_200)?.unwrap_or(3600);
    // Trust and permissions are not simulated, so these change nothing that can be seen.
    call.input.accept("ExternalId");
    call.input.accept("Policy");
    call.input.accept("Tags");
    let wrong = || call.input.invalid(format!("{role_arn} is invalid"));
    let parts: Vec<&str> = role_arn.splitn(6, ':').collect();
    let ["arn", "aws", "iam", "", account, role] = parts.as_slice() else { return Err(wrong()) };
    let name = role.strip_prefix("role/").ok_or_else(wrong)?.rsplit('/').next().unwrap_or_default();
    let account = (*account).to_owned();
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) || name.is_empty()
    {
        return Err(wrong());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&session.len()) || !session.chars().all(allowed) {
        return Err(call.input.invalid(format!(
            "1 validation error detected: Value '{session}' at 'roleSessionName' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        )));
    }
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
    let user = format!("{}:{session}", call.ids.iam("AROA"));
    let key = access_key(&account, &call.ids.of(BASE32, 6));
    let output = json!({
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": call.ids.hex(40),
            "SessionToken": call.ids.hex(64),
            "Expiration": call.time(call.now + seconds.unsigned_abs() * 1000),
        },
        "AssumedRoleUser": {"AssumedRoleId": user, "Arn": arn},
    });
    // The session belongs to the role's account, which may be another than the caller's.
    call.account = account;
    call.put(SESSIONS, &key, json!({"arn": arn, "user": user}));
    Ok(output)
}

/// `ASIA`, the account's number in base 32, and something random: AWS's keys carry it too.
fn access_key(account: &str, random: &str) -> String {
    let mut number: u64 = account.parse().unwrap_or_default();
    let mut digits = [0_u8; 10];
    for digit in digits.iter_mut().rev() {
        *digit = BASE32[(number % 32) as usize];
        number /= 32;
    }
    let digits: String = digits.iter().map(|digit| char::from(*digit)).collect();
    format!("ASIA{digits}{random}")
}

/// The account that an access key of [`access_key`] carries.
pub(super) fn account_in(key: &str) -> Option<String> {
    let digits = key.strip_prefix("ASIA")?.as_bytes();
    if digits.len() != 16 {
        return None;
    }
    let mut number: u64 = 0;
    for digit in &digits[..10] {
        let value = BASE32.iter().position(|known| known == digit)?;
        number = number * 32 + value as u64;
    }
    (number < 1_000_000_000_000).then(|| format!("{number:012}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_carry_accounts() {
        for account in ["000000000001", "123456789012", "999999999999"] {
            assert_eq!(account_in(&access_key(account, "ABCDEF")).as_deref(), Some(account));
        }
        assert_eq!(account_in("AKIAIOSFODNN7EXAMPLE"), None);
    }
}
