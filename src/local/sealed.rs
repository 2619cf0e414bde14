//! Secret values at rest: sealed in the journal, so that nobody finds one by searching files.
//!
//! A service wraps a value with [`secret`] before it puts its document, and reads it back with [`text`]; the journal
//! seals what is wrapped on its way to the disk. The key lies beside the journal in a file of its own, readable by its
//! owner only: this hides values from searches and backups of the journal, and is no protection from who may read
//! the folder. A simulated account is no place for real secrets.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ids;

/// Marks a value that must not lie on the disk as it is.
const SECRET: &str = "$secret";
/// Marks a sealed one.
const SEALED: &str = "$sealed";

/// A value that is sealed on its way to the disk.
pub(super) fn secret(text: &str) -> Value {
    json!({ SECRET: text })
}

/// The text of a value, whether wrapped or plain.
pub(super) fn text(value: &Value) -> &str {
    value.get(SECRET).unwrap_or(value).as_str().unwrap_or_default()
}

/// The account's key.
#[derive(Clone, Debug)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// Reads the key of a directory, or makes one. The caller holds the account's lock.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join("key");
        match fs::read(&path) {
            Ok(bytes) => bytes.try_into().map(Self).map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{} is no key", path.display()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; 32];
                for part in key.chunks_mut(8) {
                    part.copy_from_slice(&ids::random().to_le_bytes());
                }
                let aside = directory.join("key.next");
                let _ = fs::remove_file(&aside);
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                options.open(&aside)?.write_all(&key)?;
                fs::rename(&aside, &path)?;
                Ok(Self(key))
            }
            Err(error) => Err(error),
        }
    }

    /// The document as it may lie on the disk; `None` where it may as it is.
    pub(super) fn seal(&self, document: &Value) -> Option<Value> {
        holds(document, SECRET).then(|| replace(document, SECRET, &|text| self.sealed(text)))
    }

    /// The document as it was.
    pub(super) fn open_document(&self, document: &Value) -> Option<Value> {
        holds(document, SEALED).then(|| replace(document, SEALED, &|text| self.opened(text)))
    }

    fn sealed(&self, text: &str) -> Value {
        let nonce = [ids::random().to_le_bytes(), ids::random().to_le_bytes()].concat();
        let mut bytes = text.as_bytes().to_vec();
        self.mix(&nonce, &mut bytes);
        json!({ SEALED: STANDARD_NO_PAD.encode([nonce, bytes].concat()) })
    }

    fn opened(&self, text: &str) -> Value {
        let mut bytes = STANDARD_NO_PAD.decode(text).unwrap_or_default();
        let mut value = if bytes.len() > 16 { bytes.split_off(16) } else { Vec::new() };
        self.mix(&bytes, &mut value);
        secret(&String::from_utf8_lossy(&value))
    }

    /// Adds a stream of hashes of key, nonce and counter; twice is nothing.
    fn mix(&self, nonce: &[u8], bytes: &mut [u8]) {
        for (counter, block) in (0_u64..).zip(bytes.chunks_mut(32)) {
            let mut hash = Sha256::new();
            hash.update(self.0);
            hash.update(nonce);
            hash.update(counter.to_le_bytes());
            block.iter_mut().zip(hash.finalize()).for_each(|(byte, other)| *byte ^= other);
        }
    }
}

fn holds(value: &Value, mark: &str) -> bool {
    match value {
        Value::Object(fields) => {
            fields.contains_key(mark) || fields.values().any(|field| holds(field, mark))
        }
        Value::Array(items) => items.iter().any(|item| holds(item, mark)),
        _ => false,
    }
}

fn replace(value: &Value, mark: &str, with: &dyn Fn(&str) -> Value) -> Value {
    match value {
        Value::Object(fields) => match fields.get(mark).and_then(Value::as_str) {
            Some(text) if fields.len() == 1 => with(text),
            _ => Value::Object(
                fields
                    .iter()
                    .map(|(key, field)| (key.clone(), replace(field, mark, with)))
                    .collect(),
            ),
        },
        Value::Array(items) => items.iter().map(|item| replace(item, mark, with)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_again_and_is_not_to_be_seen() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::open(folder.path()).unwrap();
        let long = "a secret of more than one block: ä".repeat(9);
        let document =
            json!({ "list": [{ "value": secret(&long) }, { "value": secret("") }], "n": 1 });
        let sealed = key.seal(&document).unwrap();
        assert!(!sealed.to_string().contains("secret of"), "{sealed}");
        assert_ne!(key.seal(&document).unwrap(), sealed, "equal values do not look equal");
        let again = Key::open(folder.path()).unwrap();
        assert_eq!(again.open_document(&sealed).unwrap(), document);
        assert_eq!(key.seal(&json!({ "plain": "$secret" })), None);
        assert_eq!(text(&document["list"][0]["value"]), long);
        assert_eq!(text(&json!("plain")), "plain");
    }
}
