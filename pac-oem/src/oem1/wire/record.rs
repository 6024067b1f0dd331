//! A record of attributes and lists, described once for reading and writing.

use crate::{
    model::PacError,
    oem1::xml::{Element, XmlReader, XmlWriter},
};

/// Something that stands in an element.
pub(crate) trait Record: Sized {
    /// Reads an element that was entered, and leaves it.
    fn read(element: &Element, reader: &mut XmlReader<'_>) -> Result<Self, PacError>;

    /// Writes an element of that name.
    fn write(&self, writer: &mut XmlWriter, name: &str);
}

impl<T: Record> Record for Box<T> {
    fn read(element: &Element, reader: &mut XmlReader<'_>) -> Result<Self, PacError> {
        T::read(element, reader).map(Self::new)
    }

    fn write(&self, writer: &mut XmlWriter, name: &str) {
        T::write(self, writer, name);
    }
}

/// `Type { field "attribute", …; list "Child", … }`, attributes in the order of the schema.
macro_rules! record {
    ($type:ty { $($field:ident $attribute:literal),* $(,)? $(; $($list:ident $child:literal),+ $(,)?)? }) => {
        impl $crate::oem1::wire::Record for $type {
            #[allow(unused_variables, reason = "some records are empty")]
            fn read(
                element: &$crate::oem1::xml::Element,
                reader: &mut $crate::oem1::xml::XmlReader<'_>,
            ) -> Result<Self, $crate::model::PacError> {
                $( let $field = $crate::oem1::xml::Attribute::take(element, $attribute)?; )*
                $($( let mut $list = Vec::new(); )+)?
                while let Some(child) = reader.child()? {
                    match child.name() {
                        $($( $child => $list.push($crate::oem1::wire::Record::read(&child, reader)?), )+)?
                        _ => reader.leave()?,
                    }
                }
                Ok(Self { $($field,)* $($($list,)+)? })
            }

            #[allow(unused_variables, reason = "some records are empty")]
            fn write(&self, writer: &mut $crate::oem1::xml::XmlWriter, name: &str) {
                writer.element(name, |writer| {
                    $( $crate::oem1::xml::Attribute::put(&self.$field, writer, $attribute); )*
                    $($( self.$list.iter().for_each(|item| $crate::oem1::wire::Record::write(item, writer, $child)); )+)?
                });
            }
        }
    };
}
pub(crate) use record;
