//! Address blocks in the form in which EC2 gives them back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block as EC2 writes it: bits behind the mask are zero (`67.221.169.243/0` becomes
/// `0.0.0.0/0`), IPv6 is shortened and in lower case. `None` if it is not a block.
pub fn canonical(block: &str) -> Option<String> {
    let (address, length) = block.split_once('/')?;
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length: u32 = length.parse().ok()?;
    match address.parse().ok()? {
        IpAddr::V4(address) if length <= 32 => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            Some(format!("{}/{length}", Ipv4Addr::from_bits(address.to_bits() & mask)))
        }
        IpAddr::V6(address) if length <= 128 => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            Some(format!("{}/{length}", Ipv6Addr::from_bits(address.to_bits() & mask)))
        }
        _ => None,
    }
}

/// The /64 of this number in an IPv6 block of /56; `None` for any other block.
pub fn part(block: &str, number: u8) -> Option<String> {
    let address: Ipv6Addr = block.strip_suffix("/56")?.parse().ok()?;
    let part = address.to_bits() | (u128::from(number) << 64);
    Some(format!("{}/64", Ipv6Addr::from_bits(part)))
}

/// Which /64 of a /56 a block is.
pub fn number_of_part(block: &str) -> Option<u8> {
    let address: Ipv6Addr = block.strip_suffix("/64")?.parse().ok()?;
    Some(address.octets()[7])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_block_are_numbered() {
        let block = "2001:db8:1234:1a00::/56";
        assert_eq!(part(block, 0).as_deref(), Some("2001:db8:1234:1a00::/64"));
        assert_eq!(part(block, 129).as_deref(), Some("2001:db8:1234:1a81::/64"));
        assert_eq!(number_of_part("2001:db8:1234:1a81::/64"), Some(129));
        assert_eq!((part("2001:db8::/48", 1), number_of_part(block)), (None, None));
    }

    #[test]
    fn blocks_are_written_as_ec2_gives_them_back() {
        let blocks = [
            ("67.221.169.243/0", Some("0.0.0.0/0")),
            ("10.1.2.3/16", Some("10.1.0.0/16")),
            ("10.1.2.3/32", Some("10.1.2.3/32")),
            ("2001:DB8:0:0::1/32", Some("2001:db8::/32")),
            ("::1/0", Some("::/0")),
            ("10.0.0.0", None),
            ("10.0.0.0/33", None),
            ("10.0.0.0/+8", None),
            ("ten/8", None),
        ];
        for (given, expected) in blocks {
            assert_eq!(canonical(given).as_deref(), expected, "{given}");
        }
    }
}
