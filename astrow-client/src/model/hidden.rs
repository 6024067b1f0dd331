//! Keeps personal data out of `Debug`.

/// `Debug` with these members only.
macro_rules! shows {
    ($name:ident: $($field:ident),+ $(,)?) => {
        /// Who it is stays out.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))+.finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use shows;
