//! What is live, owner by owner.

use super::text;
use crate::render::terminal::style;

/// What an id that is cut to less than this would say is nothing.
const SHORTEST: usize = 12;

/// One live resource.
#[derive(Clone, Debug)]
pub struct Item {
    /// `environment`, or a service.
    pub owner: String,
    /// Its address.
    pub address: String,
    /// How it is.
    pub state: String,
    /// What AWS calls it.
    pub id: String,
}

/// The items below their owners, in their order. Addresses are never cut; ids are cut to the screen, or left out where it
/// has no room for them.
pub fn inventory(items: &[Item], columns: Option<usize>) -> String {
    let widest = |of: fn(&Item) -> &String| {
        items.iter().map(|item| of(item).chars().count()).max().unwrap_or_default()
    };
    let (address, state) = (widest(|item| &item.address), widest(|item| &item.state));
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(address + state + 6));
    let mut out = String::new();
    let mut owner = "";
    for item in items {
        if item.owner != owner {
            let gap = if out.is_empty() { "" } else { "\n" };
            out.push_str(&format!("{gap}{}\n", style::strong().apply_to(&item.owner)));
            owner = &item.owner;
        }
        let id = if room < SHORTEST { String::new() } else { text::cut(&item.id, room) };
        let line = format!("  {:address$}  {:state$}  {id}", item.address, item.state);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_give_way_to_addresses() {
        let item = |owner: &str, address: &str, id: &str| Item {
            owner: owner.to_owned(),
            address: address.to_owned(),
            state: "ready".to_owned(),
            id: id.to_owned(),
        };
        let items = [
            item("environment", "ec2/vpc.main", "vpc-0a1b2c3d4e5f67890"),
            item("api", "ecs/service.api", "arn:aws:ecs:eu-west-1:123456789012:service/main/api"),
        ];
        insta::assert_snapshot!(inventory(&items, Some(50)), @r"
        environment
          ec2/vpc.main     ready  vpc-0a1b2c3d4e5f67890

        api
          ecs/service.api  ready  arn:aws:ecs:eu-west-1:1…
        ");
        insta::assert_snapshot!(inventory(&items, Some(36)), @r"
        environment
          ec2/vpc.main     ready

        api
          ecs/service.api  ready
        ");
    }
}
