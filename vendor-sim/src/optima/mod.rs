//! The bridge to Almas Optima.
