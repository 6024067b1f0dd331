//! How the operations of this crate are declared: one value per call, pure in both directions.

/// Declares an operation: its fields beside the dialect, its name, whether it may be repeated, its request and its answer.
macro_rules! operation {
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $type:ty),* $(,)? } = $label:literal, $replay:ident -> $output:ty;
        request($op:ident, $base:ident) => $request:expr;
        response($self:ident, $parts:ident, $body:ident) => $response:expr;
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $name { dialect: crate::dialect::Dialect, $(pub(crate) $field: $type),* }

        impl $name {
            /// Makes the operation; nothing is sent.
            #[allow(clippy::missing_const_for_fn, reason = "the same for all")]
            pub fn new(dialect: crate::dialect::Dialect, $($field: $type),*) -> Self {
                Self { dialect, $($field),* }
            }
        }

        impl connector_http::Operation for $name {
            const NAME: &'static str = $label;
            const REPLAY: connector_http::Replay = connector_http::Replay::$replay;
            type Output = $output;

            fn request(&self, $base: &url::Url) -> Result<http::Request<Vec<u8>>, connector_http::Error> {
                let $op = self;
                $request
            }

            fn response(
                &self,
                $parts: &http::response::Parts,
                $body: &[u8],
            ) -> Result<$output, connector_http::Error> {
                let $self = self;
                $response
            }
        }
    };
}
pub(crate) use operation;
