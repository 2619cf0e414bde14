//! IPv6 blocks: reading, canonical form, containment, and parts of them.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// An IPv6 block whose host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr6 {
    /// The first address.
    pub(super) base: u128,
    /// Length of the prefix: 0 to 128.
    pub(super) length: u8,
}

impl Cidr6 {
    /// The block of this length that an address is in.
    pub(super) fn new(address: u128, length: u8) -> Self {
        Self { base: address & mask(length), length }
    }

    /// Is every address of `other` in this block?
    pub(super) fn contains(self, other: Self) -> bool {
        self.length <= other.length && other.base & mask(self.length) == self.base
    }

    /// Has this block any address in common with `other`?
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }
}

fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0)
}

impl FromStr for Cidr6 {
    type Err = ();

    /// Clears the host bits, as EC2 does.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = text.split_once('/').ok_or(())?;
        let address: Ipv6Addr = address.parse().map_err(|_| ())?;
        let plain = (1..=3).contains(&length.len()) && length.bytes().all(|b| b.is_ascii_digit());
        let length: u8 = if plain { length.parse().map_err(|_| ())? } else { return Err(()) };
        if length > 128 {
            return Err(());
        }
        Ok(Self::new(u128::from(address), length))
    }
}

impl fmt::Display for Cidr6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv6Addr::from(self.base), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let block = |text: &str| text.parse::<Cidr6>().unwrap();
        assert_eq!(block("2001:DB8:0:0::7/56").to_string(), "2001:db8::/56");
        assert_eq!(block("::1/0").to_string(), "::/0");
        assert!(block("2001:db8::/56").contains(block("2001:db8:0:ff::/64")));
        assert!(!block("2001:db8::/56").contains(block("2001:db8:0:100::/64")));
        for bad in ["", "::", "::/129", "::/+8", "10.0.0.0/8", "a/8"] {
            assert!(bad.parse::<Cidr6>().is_err(), "{bad}");
        }
    }
}
