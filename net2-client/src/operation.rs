//! How the operations of this crate are declared: one value per call, pure in both directions.

/// Declares an operation: its fields, its name, whether it may be repeated, its request and its answer.
macro_rules! operation {
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $type:ty),* $(,)? } = $label:literal, $replay:ident -> $output:ty;
        request($op:ident, $base:ident) => $request:expr;
        response($parts:ident, $body:ident) => $response:expr;
    ) => {
        crate::operation::operation! {
            $(#[$doc])*
            $name { $($field: $type),* } = $label, $replay -> $output;
            request($op, $base) => $request;
            response(_op, $parts, $body) => $response;
        }
    };
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $type:ty),* $(,)? } = $label:literal, $replay:ident -> $output:ty;
        request($op:ident, $base:ident) => $request:expr;
        response($self:ident, $parts:ident, $body:ident) => $response:expr;
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $name { $(pub(crate) $field: $type),* }

        impl $name {
            /// Makes the operation; nothing is sent.
            #[allow(clippy::new_without_default, reason = "an operation is made to be sent, not to stand in")]
            pub const fn new($($field: $type),*) -> Self {
                Self { $($field),* }
            }
        }

        impl connector_http::Operation for $name {
            const NAME: &'static str = $label;
            const REPLAY: connector_http::Replay = connector_http::Replay::$replay;
            type Output = $output;

            fn request(&self, $base: &url::Url) -> Result<http::Request<Vec<u8>>, connector_http::Error> {
                let $op = self;
                let _ = $op;
                $request
            }

            fn response(
                &self,
                $parts: &http::response::Parts,
                $body: &[u8],
            ) -> Result<$output, connector_http::Error> {
                let $self = self;
                let _ = $self;
                $response
            }
        }
    };
}
pub(crate) use operation;
