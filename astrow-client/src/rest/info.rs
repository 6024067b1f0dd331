//! What Astrow says of itself, and the codes that it knows.

use connector_http::decode;

use super::operation::{operation, read};
use crate::model::{AstrowInfo, Lookups};

operation! {
    /// Reads what Astrow says of itself.
    GetInfo {} = "astrow.info", Safe -> AstrowInfo;
    request(op, base) => {
        let GetInfo {} = op;
        read(base, &["info"], &[])
    };
    response(parts, body) => decode(parts, body);
}

operation! {
    /// Reads the codes that Astrow knows.
    GetLookups {} = "astrow.lookups", Safe -> Lookups;
    request(op, base) => {
        let GetLookups {} = op;
        read(base, &["lookups"], &[])
    };
    response(parts, body) => decode(parts, body);
}
