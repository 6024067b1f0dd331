//! Text enumerations that stay readable when a server knows more words than we do.

/// An enumeration of fixed words and one variant for every other word.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$note:meta])* $variant:ident = $text:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$note])* $variant, )+
            /// A word that this version does not know.
            Unknown,
        }

        impl $name {
            /// The word as it is written; `unknown` for one that is not known.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $text, )+
                    Self::Unknown => "unknown",
                }
            }

            /// Reads a word.
            pub fn of(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )+
                    _ => Self::Unknown,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
