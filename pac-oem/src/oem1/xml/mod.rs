//! XML with the rules of the profile: attributes, no document types, limits on everything.

mod reader;
mod scalar;
mod writer;

pub(crate) use reader::{Element, NAMESPACE, XmlReader};
pub(crate) use scalar::{Attribute, Scalar};
pub(crate) use writer::XmlWriter;
