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

#[cfg(test)]
mod tests {
    use super::*;

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
