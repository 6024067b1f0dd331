//! The driver for `bridge-rest v1`, this project's own interface.
