//! Text enums that stay open: a value that the vendor adds is kept as it came.

/// Declares an enum of texts with a variant for everything else.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// Anything else, as it came.
            Unknown(String),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            /// Also of what is no text at all.
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Ok(match serde_json::Value::deserialize(from)? {
                    serde_json::Value::String(text) => Self::from(text.as_str()),
                    other => Self::Unknown(other.to_string().chars().take(64).collect()),
                })
            }
        }
    };
}
pub(crate) use open_enum;

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro is made for public enums")]
mod tests {
    open_enum! {
        /// For this test.
        Light { /// On.
            On = "on", /// Off.
            Off = "off" }
    }

    #[test]
    fn every_value_goes_through_unchanged() {
        for text in [r#""on""#, r#""off""#, r#""On""#, r#""unknownFutureValue""#] {
            let light: Light = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&light).unwrap(), text);
        }
        assert_eq!(serde_json::from_str::<Light>("7").unwrap(), Light::Unknown("7".to_owned()));
    }
}
