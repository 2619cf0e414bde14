//! IPv4 blocks: reading, canonical form, containment, and addresses in them.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// An IPv4 block whose host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cidr {
    /// The first address.
    pub(super) base: u32,
    /// Length of the prefix: 0 to 32.
    pub(super) length: u8,
}

impl Cidr {
    /// Is every address of `other` in this block?
    pub(super) fn contains(self, other: Self) -> bool {
        self.length <= other.length && other.base & self.mask() == self.base
    }

    /// Has this block any address in common with `other`?
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Is this address in the block?
    pub(super) fn holds(self, address: Ipv4Addr) -> bool {
        self.contains(Self { base: u32::from(address), length: 32 })
    }

    /// How many addresses it has.
    pub(super) fn size(self) -> u64 {
        1 << (32 - u64::from(self.length))
    }

    /// The address at this offset.
    pub(super) fn address(self, offset: u64) -> Ipv4Addr {
        Ipv4Addr::from((u64::from(self.base) + offset) as u32)
    }

    fn mask(self) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0)
    }
}

impl FromStr for Cidr {
    type Err = ();

    /// Reads `10.0.1.7/16` as `10.0.0.0/16`: EC2 clears the host bits too.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = text.split_once('/').ok_or(())?;
        let address: Ipv4Addr = address.parse().map_err(|_| ())?;
        let plain =
            !length.is_empty() && length.len() <= 2 && length.bytes().all(|b| b.is_ascii_digit());
        let length: u8 = if plain { length.parse().map_err(|_| ())? } else { return Err(()) };
        if length > 32 {
            return Err(());
        }
        let block = Self { base: 0, length };
        Ok(Self { base: u32::from(address) & block.mask(), length })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.base), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn blocks() {
        assert_eq!(cidr("10.0.1.7/16").to_string(), "10.0.0.0/16");
        assert_eq!(cidr("67.221.169.243/0").to_string(), "0.0.0.0/0");
        assert!(cidr("10.0.0.0/16").contains(cidr("10.0.255.0/24")));
        assert!(!cidr("10.0.0.0/16").contains(cidr("10.1.0.0/24")));
        assert!(cidr("10.0.1.0/24").overlaps(cidr("10.0.0.0/16")));
        assert_eq!(cidr("10.0.0.0/24").address(4).to_string(), "10.0.0.4");
        for bad in ["", "10.0.0.0", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.256/8", "a/8"]
        {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }
}
