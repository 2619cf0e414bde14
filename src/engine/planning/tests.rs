//! Whole plans, as text.
