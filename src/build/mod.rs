//! Container images from folders: what a folder's content is (`content`, `ignore`), which builder there is (`tool`), and how it
//! builds and pushes (`workshop`, `run`). What an image is in AWS, and when one is built, is not known here.

mod content;
mod ignore;
mod recipe;
mod run;
mod tool;
mod workshop;

pub use content::tag;
pub use recipe::{Recipe, Unusable};
pub use tool::{Builder, NAMES, Tool};
pub use workshop::{Login, Workshop};
