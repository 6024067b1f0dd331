//! Letters to bookers and to staff: written, queued on disk, sent.
