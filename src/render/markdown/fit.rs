//! Leaves out what is least important until a document fits its place.

/// How long a document may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A comment on a pull request: 65,535 characters.
    Comment,
    /// So many bytes, as a file has them.
    Bytes(usize),
}

impl Room {
    /// How long a text is, in what this place counts.
    pub(super) fn length(self, text: &str) -> usize {
        match self {
            Self::Comment => text.chars().count(),
            Self::Bytes(_) => text.len(),
        }
    }

    fn limit(self) -> usize {
        match self {
            Self::Comment => 65_535,
            Self::Bytes(limit) => limit,
        }
    }
}

/// One thing that a document tells; all of it, only its first line, or nothing.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Which block of the document it stands in.
    pub(super) block: usize,
    /// Lower stays longer.
    pub(super) rank: u8,
    /// The line that says what it is.
    pub(super) brief: String,
    /// What else there is to say.
    pub(super) details: String,
}

/// How much of an item is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    All,
    Brief,
    Nothing,
}

/// Says for each item how much of it is shown, so that together with `fixed`, the length of everything else, they
/// fit. Details go first, from the least important item up; whole items only when no details are left to take.
pub(super) fn fit(items: &[Item], fixed: usize, room: Room) -> Vec<Shown> {
    let mut shown = vec![Shown::All; items.len()];
    let length = |item: &Item| room.length(&item.brief) + room.length(&item.details);
    let mut total = fixed + items.iter().map(length).sum::<usize>();
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(items[*index].rank), std::cmp::Reverse(*index)));
    for next in [Shown::Brief, Shown::Nothing] {
        for index in &order {
            if total <= room.limit() {
                return shown;
            }
            let saved = match next {
                Shown::Brief => &items[*index].details,
                _ => &items[*index].brief,
            };
            total -= room.length(saved);
            // Where there are no details to leave out, nothing is said to be left out.
            if !(next == Shown::Brief && saved.is_empty()) {
                shown[*index] = next;
            }
        }
    }
    shown
}

/// `details of 3 steps and 12 steps not shown`, or nothing.
pub(super) fn left_out(shown: &[Shown]) -> Option<String> {
    let count = |what: Shown| shown.iter().filter(|one| **one == what).count();
    let steps =
        |number: usize| if number == 1 { "1 step".into() } else { format!("{number} steps") };
    let said: Vec<String> = [(count(Shown::Nothing), ""), (count(Shown::Brief), "the fields of ")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{what}{}", steps(number)))
        .collect();
    (!said.is_empty()).then(|| format!("{} not shown", said.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_goes_first_and_its_details_before_it() {
        let item = |rank, details: usize| Item {
            block: 0,
            rank,
            brief: "b".repeat(10),
            details: "d".repeat(details),
        };
        let items = [item(0, 100), item(5, 100), item(5, 0), item(9, 100)];
        let told = |limit| left_out(&fit(&items, 0, Room::Bytes(limit)));
        assert_eq!(told(340), None);
        assert_eq!(told(339).as_deref(), Some("the fields of 1 step not shown"));
        assert_eq!(told(139).as_deref(), Some("the fields of 3 steps not shown"));
        assert_eq!(told(140).as_deref(), Some("the fields of 2 steps not shown"));
        assert_eq!(told(39).as_deref(), Some("1 step and the fields of 2 steps not shown"));
        assert_eq!(
            fit(&items, 0, Room::Bytes(10)),
            [Shown::Brief, Shown::Nothing, Shown::Nothing, Shown::Nothing]
        );
    }
}
