//! Output for people.

pub mod drift;
pub mod failure;
mod fields;
pub mod findings;
pub mod inventory;
pub mod log_line;
pub mod plan;
pub mod problem;
pub mod progress;
pub mod settings;
pub mod shift;
pub mod stale;
pub mod status;
pub mod table;
pub mod text;

use crate::engine::Health;

/// One word for a health, and why.
pub fn health(health: &Health) -> String {
    match health {
        Health::Ready => "ready".to_owned(),
        Health::Pending(why) | Health::Unhurried(why) => format!("pending: {why}"),
        Health::Paused(why) => format!("paused: {}", why.message),
        Health::Failed(why) => format!("failed: {why}"),
        Health::Broken(why) => format!("failed: {}", why.message),
        Health::Gone => "gone".to_owned(),
    }
}

/// How wide screens are: the terminal's columns, else what the variable COLUMNS says; `None` where nothing limits them.
pub fn columns() -> Option<usize> {
    let (columns, terminal) = width();
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    if terminal { Some(columns) } else { told() }.filter(|columns| *columns >= 40)
}

/// Columns of stdout, and whether it is a terminal; 100 where it is none.
pub(crate) fn width() -> (usize, bool) {
    let columns = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    columns.filter(|columns| *columns >= 40).map_or((100, false), |columns| (columns, true))
}
