//! Identifiers as AWS makes them: random to look at, unique, and the same again for the same
//! account and call, so that a test's output can be written down.

use sha2::{Digest, Sha256};

/// Makes the ids of one call. Every committed call has another sequence number, so no two calls
/// make the same id.
#[derive(Debug, Clone)]
pub struct Ids {
    seed: u64,
    sequence: u64,
    made: u32,
}

impl Ids {
    /// The ids of the call that will be number `sequence` in the journal of the account `seed`.
    pub fn new(seed: u64, sequence: u64) -> Self {
        Self { seed, sequence, made: 0 }
    }

    /// The number that this call will have in the journal.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Thirty-two bytes that were not made before.
    pub fn bytes(&mut self) -> [u8; 32] {
        self.made += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(self.sequence.to_le_bytes());
        hash.update(self.made.to_le_bytes());
        hash.finalize().into()
    }

    /// `digits` (at most 64) hexadecimal digits in lower case.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text: String = self.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        text.truncate(digits);
        text
    }

    /// An EC2 id: `vpc-` and 17 hexadecimal digits, of which AWS's first is a zero.
    pub fn resource(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// `length` (at most 32) characters of `alphabet`.
    pub fn of(&mut self, alphabet: &[u8], length: usize) -> String {
        let bytes = self.bytes();
        let pick = |byte: &u8| char::from(alphabet[usize::from(*byte) % alphabet.len().max(1)]);
        bytes.iter().take(length).map(pick).collect()
    }

    /// An IAM unique id: the prefix (`AROA`, `AIDA`, `ASIA`) and 17 upper-case letters and digits.
    pub fn iam(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17))
    }

    /// A version-4 UUID.
    pub fn uuid(&mut self) -> String {
        let bytes = self.bytes();
        uuid_of(&bytes)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        let bytes = self.bytes();
        let mut first = [0; 8];
        first.copy_from_slice(&bytes[..8]);
        u64::from_le_bytes(first) % bound.max(1)
    }
}

/// The UUID that the first 16 of these bytes spell, marked as version 4.
pub(super) fn uuid_of(bytes: &[u8; 32]) -> String {
    let mut bytes = *bytes;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A number that no other process has: the seed of accounts that were given none.
pub(super) fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's hash keys are the only randomness it offers.
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_for_the_same_call_only() {
        let mut one = Ids::new(7, 1);
        let mut same = Ids::new(7, 1);
        let mut next = Ids::new(7, 2);
        let first = one.resource("vpc");
        assert_eq!(first, same.resource("vpc"));
        assert_ne!(first, next.resource("vpc"));
        assert_ne!(first, one.resource("vpc"));
        assert_eq!(first.len(), "vpc-0123456789abcdef0".len());
        assert_eq!(one.iam("AROA").len(), 21);
        assert_eq!(one.uuid().as_bytes()[14], b'4');
    }
}
