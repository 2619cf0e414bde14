//! Ranges of IPv4 and IPv6 addresses.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Serialize, Serializer};

/// An IPv4 range: an address whose host bits are zero, and a prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: u32,
    prefix: u8,
}

impl Cidr {
    /// Everything.
    pub const ANYWHERE: Self = Self { network: 0, prefix: 0 };

    /// A range whose host bits are cut off; prefixes above 32 count as 32.
    pub const fn new(address: [u8; 4], prefix: u8) -> Self {
        let prefix = if prefix > 32 { 32 } else { prefix };
        Self { network: u32::from_be_bytes(address) & mask(prefix), prefix }
    }

    /// Reads `10.0.0.0/16`, or one address without a prefix.
    ///
    /// # Errors
    /// `Some(help)` when the text is nearly right: host bits that are not zero, an IPv6 range.
    pub fn parse(text: &str) -> Result<Self, Option<String>> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
        if address.contains(':') {
            return Err(Some("only an IPv4 range can stand here".to_owned()));
        }
        let address: Ipv4Addr = address.parse().map_err(|_| None)?;
        let digits = prefix.chars().all(|c| c.is_ascii_digit());
        let prefix =
            prefix.parse::<u8>().ok().filter(|prefix| digits && *prefix <= 32).ok_or(None)?;
        let cidr = Self::new(address.octets(), prefix);
        if cidr.network == u32::from(address) {
            Ok(cidr)
        } else {
            Err(Some(format!("the address has bits beyond its prefix; write {cidr}")))
        }
    }

    /// The prefix length, 0 to 32.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether every address of `other` is in this range too.
    pub fn contains(self, other: Self) -> bool {
        self.prefix <= other.prefix && other.network & mask(self.prefix) == self.network
    }

    /// Whether the two share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Part `index` of this range cut into parts of a longer prefix; `None` when there is no such part.
    pub fn part(self, prefix: u8, index: u32) -> Option<Self> {
        if prefix > 32 || prefix < self.prefix || u64::from(index) >= 1u64 << (prefix - self.prefix)
        {
            return None;
        }
        let step = if prefix == 0 { 0 } else { index << (32 - prefix) };
        Some(Self { network: self.network | step, prefix })
    }
}

const fn mask(prefix: u8) -> u32 {
    if prefix == 0 { 0 } else { u32::MAX << (32 - prefix) }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.network), self.prefix)
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A range of addresses of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Range {
    /// IPv4.
    V4(Cidr),
    /// IPv6: an address whose host bits are zero, and a prefix length, 0 to 128.
    V6(u128, u8),
}

impl Range {
    /// Reads `10.0.0.0/16`, `2001:db8::/32`, or one address without a prefix.
    ///
    /// # Errors
    /// `Some(help)` when the text is nearly right: host bits that are not zero.
    pub fn parse(text: &str) -> Result<Self, Option<String>> {
        if !text.contains(':') {
            return Cidr::parse(text).map(Self::V4);
        }
        let (address, prefix) = text.split_once('/').unwrap_or((text, "128"));
        let address: u128 = address.parse::<Ipv6Addr>().map_err(|_| None)?.to_bits();
        let digits = prefix.chars().all(|c| c.is_ascii_digit());
        let prefix =
            prefix.parse::<u8>().ok().filter(|prefix| digits && *prefix <= 128).ok_or(None)?;
        let network = address & u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
        let range = Self::V6(network, prefix);
        if network == address {
            Ok(range)
        } else {
            Err(Some(format!("the address has bits beyond its prefix; write {range}")))
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(cidr) => cidr.fmt(f),
            Self::V6(network, prefix) => write!(f, "{}/{prefix}", Ipv6Addr::from_bits(*network)),
        }
    }
}

impl Serialize for Range {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cidr, Range};

    #[test]
    fn parses_cuts_and_compares() {
        let vpc = Cidr::parse("10.0.0.0/16").unwrap();
        assert_eq!(vpc.part(20, 8).unwrap().to_string(), "10.0.128.0/20");
        assert_eq!(vpc.part(20, 16), None);
        assert_eq!(Cidr::ANYWHERE.part(0, 0), Some(Cidr::ANYWHERE));
        assert!(vpc.contains(Cidr::parse("10.0.255.255").unwrap()));
        assert!(!vpc.overlaps(Cidr::parse("10.1.0.0/16").unwrap()));
        assert!(Cidr::ANYWHERE.overlaps(vpc));
        for bad in ["10.0.0.0/33", "10.0.0/16", "10.0.0.0/+8", "", "/", "x"] {
            assert_eq!(Cidr::parse(bad), Err(None), "{bad}");
        }
        let nearly = "the address has bits beyond its prefix; write 10.0.0.0/16";
        assert_eq!(Cidr::parse("10.0.7.0/16"), Err(Some(nearly.to_owned())));
    }

    #[test]
    fn ranges_are_of_either_family() {
        for (text, expected) in [
            ("10.0.0.0/16", Ok("10.0.0.0/16")),
            ("2001:DB8::/32", Ok("2001:db8::/32")),
            ("::/0", Ok("::/0")),
            ("::1", Ok("::1/128")),
            (
                "2001:db8::1/32",
                Err(Some("the address has bits beyond its prefix; write 2001:db8::/32")),
            ),
            ("::/129", Err(None)),
            ("::x/8", Err(None)),
        ] {
            let read = Range::parse(text).map(|range| range.to_string());
            let expected = expected.map(str::to_owned).map_err(|why| why.map(str::to_owned));
            assert_eq!(read, expected, "{text}");
        }
    }
}
